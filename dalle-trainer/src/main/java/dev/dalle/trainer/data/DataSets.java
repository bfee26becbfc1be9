package dev.dalle.trainer.data;

import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.DataConfig;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** Opens data sets by kind and place. */
public final class DataSets {
  private DataSets() {}

  /** Where the launcher put the emoji drawings, if it did. */
  public static Optional<Path> emojiJar() {
    return Optional.ofNullable(System.getProperty("dalle.emoji.jar")).map(Path::of);
  }

  /** Where rendered drawings are kept: {@code dalle.cache}, {@code DALLE_CACHE} or the user's cache folder. */
  public static Path cacheFolder() {
    String chosen = System.getProperty("dalle.cache", System.getenv().getOrDefault("DALLE_CACHE", ""));
    if (!chosen.isBlank()) {
      return Path.of(chosen);
    }
    String base = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
    return base.isBlank() ? Path.of(System.getProperty("user.home"), ".cache", "dalle") : Path.of(base, "dalle");
  }

  /**
   * The data set of a configuration.
   *
   * @param side at which drawings will mostly be asked for
   * @param threads that render drawings
   * @throws DataException if it is not there or damaged; the message says where and what was expected
   */
  public static CaptionedPictures open(DataConfig config, int side, int threads, Progress progress) {
    return switch (config.kind()) {
      case EMOJI -> emoji(side, threads, progress);
      case FOLDER -> FolderPictures.open(config.path().orElseThrow());
      case TABLE -> TablePictures.open(config.path().orElseThrow(), config.imageColumn(), config.captionColumn());
      case WEBDATASET -> webDataset(config.path().orElseThrow());
    };
  }

  private static EmojiPictures emoji(int side, int threads, Progress progress) {
    Progress.Stage[] stage = new Progress.Stage[1];
    int[] most = {0};
    try {
      return emoji(side, threads, (done, total) -> {
        synchronized (stage) {
          if (stage[0] == null) {
            stage[0] = progress.stage("render drawings", total);
          }
          // Threads report in any order.
          if (done > most[0]) {
            stage[0].step(done, done - most[0]);
            most[0] = done;
          }
        }
      });
    } finally {
      if (stage[0] != null) {
        stage[0].close();
      }
    }
  }

  /**
   * The emoji drawings.
   *
   * @param side at which they will mostly be asked for
   * @throws DataException if they are not there
   */
  public static EmojiPictures emoji(int side, int threads, EmojiPictures.Progress progress) {
    Path jar = emojiJar().orElseThrow(() -> new DataException("the emoji drawings were not given: start with the launcher ./dalle, which fetches"
        + " them, or name the jar of org.webjars.npm:iconify__json with -Ddalle.emoji.jar=FILE"));
    return EmojiPictures.open(jar, cacheFolder(), side, threads, progress);
  }

  /**
   * WebDataset shards: one tar file, or every tar file of a folder in the order of their names.
   *
   * @throws DataException if there is none
   */
  public static WebDatasetPictures webDataset(Path place) {
    if (!Files.isDirectory(place)) {
      return WebDatasetPictures.open(List.of(place));
    }
    List<Path> shards = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(place, "*.tar")) {
      files.forEach(shards::add);
    } catch (IOException e) {
      throw new DataException(place + ": cannot be listed: " + e.getMessage(), e);
    }
    if (shards.isEmpty()) {
      throw new DataException(place + ": expected shards named *.tar, found none");
    }
    Collections.sort(shards);
    return WebDatasetPictures.open(shards);
  }
}
