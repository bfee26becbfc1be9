package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.config.ConfigException;
import dev.dalle.trainer.config.ConfigJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Tokens of pictures as JSON.
 *
 * @param format {@link #FORMAT}
 * @param version {@link #VERSION}; version 1 had pictures of one square grid alone
 * @param pixelsPerToken along one side
 * @param vocabulary of the dVAE: tokens go from 0 to {@code vocabulary - 1}
 * @param pictures at least one
 */
record TokenFile(String format, int version, int pixelsPerToken, int vocabulary, List<Entry> pictures) {
  static final String FORMAT = "dalle-image-tokens";
  static final int VERSION = 2;

  /**
   * One picture.
   *
   * @param picture where it came from
   * @param rows at least 1
   * @param columns at least 1
   * @param ids {@code [rows][columns]}, the top row first
   */
  record Entry(String picture, int rows, int columns, List<List<Integer>> ids) {
    TokenGrid grid() {
      return new TokenGrid(rows, columns, ids.stream().flatMap(List::stream).mapToInt(Integer::intValue).toArray());
    }

    private static Entry of(String picture, TokenGrid grid) {
      List<List<Integer>> rows = new ArrayList<>();
      for (int row = 0; row < grid.rows(); row++) {
        List<Integer> tokens = new ArrayList<>();
        for (int column = 0; column < grid.columns(); column++) {
          tokens.add(grid.ids()[row * grid.columns() + column]);
        }
        rows.add(tokens);
      }
      return new Entry(picture, grid.rows(), grid.columns(), rows);
    }
  }

  TokenFile {
    if (!format.equals(FORMAT)) {
      throw new IllegalArgumentException("format: expected " + FORMAT + ", found " + format);
    }
    if (version != VERSION) {
      throw new IllegalArgumentException(otherVersion(version));
    }
    if (pixelsPerToken < 1 || vocabulary < 1 || pictures.isEmpty()) {
      throw new IllegalArgumentException("expected at least 1 pixel a token, a vocabulary of at least 1 and at least 1 picture, found " + pixelsPerToken
          + " pixels, vocabulary " + vocabulary + ", " + pictures.size() + " pictures");
    }
    for (int p = 0; p < pictures.size(); p++) {
      check("pictures[" + p + "]", pictures.get(p), vocabulary);
    }
    pictures = List.copyOf(pictures);
  }

  private static String otherVersion(long version) {
    return "version: expected " + VERSION + ", found " + version + (version > VERSION ? "; it was written by a newer release, use that one"
        : "; it was written by an older release, encode the pictures again");
  }

  private static void check(String where, Entry entry, int vocabulary) {
    if (entry.rows() < 1 || entry.columns() < 1) {
      throw new IllegalArgumentException(where + ": expected at least 1 row and 1 column, found " + entry.rows() + " x " + entry.columns());
    }
    List<List<Integer>> ids = entry.ids();
    if (ids.size() != entry.rows()) {
      throw new IllegalArgumentException(where + ".ids: expected " + entry.rows() + " rows, found " + ids.size());
    }
    for (int row = 0; row < entry.rows(); row++) {
      if (ids.get(row).size() != entry.columns()) {
        throw new IllegalArgumentException(where + ".ids[" + row + "]: expected " + entry.columns() + " tokens, found " + ids.get(row).size());
      }
      for (int column = 0; column < entry.columns(); column++) {
        int id = ids.get(row).get(column);
        if (id < 0 || id >= vocabulary) {
          throw new IllegalArgumentException(where + ".ids[" + row + "][" + column + "]: expected a token from 0 to " + (vocabulary - 1) + ", found "
              + id);
        }
      }
    }
  }

  /**
   * Of a model's tokens.
   *
   * @param names of the pictures
   * @param grids of the pictures
   */
  static TokenFile of(DvaeConfig model, List<String> names, List<TokenGrid> grids) {
    List<Entry> entries = new ArrayList<>();
    for (int p = 0; p < names.size(); p++) {
      entries.add(Entry.of(names.get(p), grids.get(p)));
    }
    return new TokenFile(FORMAT, VERSION, model.downsampling(), model.vocabulary(), entries);
  }

  /**
   * Reads a file.
   *
   * @throws ConfigException if it is missing or not such a file
   */
  static TokenFile read(Path file) {
    // Another version has other keys, of which nothing could be said but that they are unknown.
    OptionalLong version = ConfigJson.longAt(file, "version");
    if (version.isPresent() && version.getAsLong() != VERSION) {
      throw new ConfigException(file + ": " + otherVersion(version.getAsLong()));
    }
    return ConfigJson.read(file, TokenFile.class);
  }

  /**
   * Fails if these are not tokens of a model.
   *
   * @param file for the message
   */
  void checkFits(DvaeConfig model, Path file) {
    if (pixelsPerToken != model.downsampling() || vocabulary != model.vocabulary()) {
      throw new CommandException(file + ": holds tokens of another dVAE: of " + pixelsPerToken + " x " + pixelsPerToken + " pixels each and a vocabulary of "
          + vocabulary + ", these weights have " + model.downsampling() + " x " + model.downsampling() + " and " + model.vocabulary()
          + "; name the right weights");
    }
  }

  List<TokenGrid> grids() {
    return pictures.stream().map(Entry::grid).toList();
  }
}
