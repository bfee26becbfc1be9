package dev.dalle.trainer.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** What a file or a text is, whatever it is called: its SHA-256. */
public final class FileHash {
  /** Digits that tell people two files apart. */
  private static final int SHORT = 12;
  private static final int CHUNK_BYTES = 1 << 20;

  private FileHash() {}

  /**
   * SHA-256 of a file's bytes.
   *
   * @return 64 hexadecimal digits, lower case
   * @throws IOException if the file is missing or cannot be read
   */
  public static String sha256(Path file) throws IOException {
    MessageDigest digest = digest();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[CHUNK_BYTES];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** SHA-256 of a text in UTF-8, 64 hexadecimal digits, lower case. */
  public static String sha256(String text) {
    return HexFormat.of().formatHex(digest().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime must have SHA-256", e);
    }
  }

  /** The first twelve digits, for messages. */
  public static String shortened(String hash) {
    return hash.substring(0, Math.min(SHORT, hash.length()));
  }
}
