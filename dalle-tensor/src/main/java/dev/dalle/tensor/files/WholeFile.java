package dev.dalle.tensor.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.UUID;

/** A file that changes as a whole: written under a temporary name in the same folder, forced to the disk, renamed. */
final class WholeFile {
  private WholeFile() {}

  /** Writes the content. */
  @FunctionalInterface
  interface Body {
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Replaces a file.
   *
   * @param byteSize bytes that the body will write, for messages
   */
  static void replace(Path path, long byteSize, Body body) throws IOException {
    Path target = path.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null) {
      throw new IOException(path + ": expected the path of a file, found the root of a file system");
    }
    Files.createDirectories(folder);
    Path temporary = folder.resolve("." + target.getFileName() + "." + ProcessHandle.current().pid() + "-"
        + UUID.randomUUID().toString().substring(0, 8) + ".tmp");
    try {
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        body.writeTo(channel);
        // A rename that reaches the disk before the content would leave an empty file after a power cut.
        channel.force(true);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException | RuntimeException | Error e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException second) {
        e.addSuppressed(second);
      }
      if (e instanceof IOException io && noRoom(io)) {
        throw new DiskFullException(path + ": no room to write " + byteSize + " bytes, " + folder.toFile().getUsableSpace()
            + " are free in " + folder + "; what was there before is kept. Make room and try again", e);
      }
      throw e;
    }
    forceFolder(folder);
  }

  private static boolean noRoom(IOException e) {
    String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
    return message.contains("no space left") || message.contains("quota exceeded") || message.contains("not enough space");
  }

  /** Makes the rename itself last. The file is complete by now, and not every system can open a folder, so a failure is no failure of the writing. */
  private static void forceFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException unsupported) {
      // Nothing to undo and nothing the caller could do.
    }
  }
}
