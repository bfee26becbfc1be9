package dev.dalle.tokenizer;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files that somebody else wrote, and no more of them than a limit. */
final class BoundedFile {
  private BoundedFile() {}

  /**
   * All bytes of a file.
   *
   * @param what for the message
   * @throws BpeFormatException if it has more than {@code maxBytes}
   */
  static byte[] read(Path file, int maxBytes, String what) throws IOException {
    byte[] bytes = new byte[0];
    // What is no regular file has no size to ask for, and may never end.
    boolean large = Files.isRegularFile(file) && Files.size(file) > maxBytes;
    if (!large) {
      try (InputStream in = Files.newInputStream(file)) {
        bytes = in.readNBytes(maxBytes + 1);
      }
    }
    if (large || bytes.length > maxBytes) {
      throw new BpeFormatException(file, "expected at most " + maxBytes + " bytes, and the file has more; it is no " + what);
    }
    return bytes;
  }
}
