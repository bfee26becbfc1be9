package dev.dalle.tokenizer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Replaces a file so that a reader, a crash or a full disk finds the old content or the new, never a part. */
final class AtomicFile {

  private AtomicFile() {
  }

  static void write(Path file, ByteBuffer content) throws IOException {
    Path target = file.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw new IOException(file + ": expected the name of a file to write, got a folder");
    }
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException(file.toString(), null, "the folder " + folder
          + " does not exist; create it first");
    }
    // In the same folder, because only a rename within one file system is atomic. Not Files.createTempFile: its
    // file would be readable by the owner alone, and stay so after the rename.
    Path temporary = folder.resolve("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      try (FileChannel channel =
             FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        while (content.hasRemaining()) {
          channel.write(content);
        }
        channel.force(true);
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (Throwable t) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException e) {
        t.addSuppressed(e);
      }
      throw t;
    }
  }
}
