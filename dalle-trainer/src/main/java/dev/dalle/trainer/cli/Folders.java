package dev.dalle.trainer.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Questions about folders. */
final class Folders {
  private Folders() {}

  /**
   * Whether a folder holds a file of such a name.
   *
   * @param pattern as in {@link Files#newDirectoryStream(Path, String)}
   */
  static boolean holds(Path folder, String pattern) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, pattern)) {
      return files.iterator().hasNext();
    } catch (IOException e) {
      throw new UncheckedIOException(folder + ": cannot be listed: " + e.getMessage(), e);
    }
  }
}
