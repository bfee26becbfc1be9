package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.config.ConfigJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens of pictures as JSON.
 *
 * @param format {@link #FORMAT}
 * @param version {@link #VERSION}
 * @param grid tokens a row, and rows a picture
 * @param vocabulary of the dVAE: tokens go from 0 to {@code vocabulary - 1}
 * @param pictures at least one
 */
record TokenFile(String format, int version, int grid, int vocabulary, List<Entry> pictures) {
  static final String FORMAT = "dalle-image-tokens";
  static final int VERSION = 1;

  /**
   * One picture.
   *
   * @param picture where it came from
   * @param ids {@code [grid][grid]}, the top row first
   */
  record Entry(String picture, List<List<Integer>> ids) {
    int[] flat() {
      return ids.stream().flatMap(List::stream).mapToInt(Integer::intValue).toArray();
    }
  }

  TokenFile {
    if (!format.equals(FORMAT)) {
      throw new IllegalArgumentException("format: expected " + FORMAT + ", found " + format);
    }
    if (version != VERSION) {
      throw new IllegalArgumentException("version: expected " + VERSION + ", found " + version
          + (version > VERSION ? "; it was written by a newer release, use that one" : ""));
    }
    if (grid < 1 || vocabulary < 1 || pictures.isEmpty()) {
      throw new IllegalArgumentException("expected a grid and a vocabulary of at least 1 and at least 1 picture, found grid " + grid + ", vocabulary "
          + vocabulary + ", " + pictures.size() + " pictures");
    }
    for (int p = 0; p < pictures.size(); p++) {
      check("pictures[" + p + "].ids", pictures.get(p).ids(), grid, vocabulary);
    }
    pictures = List.copyOf(pictures);
  }

  private static void check(String where, List<List<Integer>> ids, int grid, int vocabulary) {
    if (ids.size() != grid) {
      throw new IllegalArgumentException(where + ": expected " + grid + " rows, found " + ids.size());
    }
    for (int row = 0; row < grid; row++) {
      if (ids.get(row).size() != grid) {
        throw new IllegalArgumentException(where + "[" + row + "]: expected " + grid + " tokens, found " + ids.get(row).size());
      }
      for (int column = 0; column < grid; column++) {
        int id = ids.get(row).get(column);
        if (id < 0 || id >= vocabulary) {
          throw new IllegalArgumentException(where + "[" + row + "][" + column + "]: expected a token from 0 to " + (vocabulary - 1) + ", found " + id);
        }
      }
    }
  }

  /**
   * Of a model's tokens.
   *
   * @param names of the pictures
   * @param ids {@code [pictures][grid * grid]}
   */
  static TokenFile of(DvaeConfig model, List<String> names, List<int[]> ids) {
    int grid = model.gridSize();
    List<Entry> entries = new ArrayList<>();
    for (int p = 0; p < names.size(); p++) {
      List<List<Integer>> rows = new ArrayList<>();
      for (int row = 0; row < grid; row++) {
        List<Integer> tokens = new ArrayList<>();
        for (int column = 0; column < grid; column++) {
          tokens.add(ids.get(p)[row * grid + column]);
        }
        rows.add(tokens);
      }
      entries.add(new Entry(names.get(p), rows));
    }
    return new TokenFile(FORMAT, VERSION, grid, model.vocabulary(), entries);
  }

  /**
   * Reads a file.
   *
   * @throws dev.dalle.trainer.config.ConfigException if it is missing or not such a file
   */
  static TokenFile read(Path file) {
    return ConfigJson.read(file, TokenFile.class);
  }

  /**
   * Fails if these are not tokens of a model.
   *
   * @param file for the message
   */
  void checkFits(DvaeConfig model, Path file) {
    if (grid != model.gridSize() || vocabulary != model.vocabulary()) {
      throw new CommandException(file + ": holds tokens of another dVAE: a grid of " + grid + " x " + grid + " and a vocabulary of " + vocabulary
          + ", these weights have " + model.gridSize() + " x " + model.gridSize() + " and " + model.vocabulary() + "; name the right weights");
    }
  }

  List<int[]> ids() {
    return pictures.stream().map(Entry::flat).toList();
  }
}
