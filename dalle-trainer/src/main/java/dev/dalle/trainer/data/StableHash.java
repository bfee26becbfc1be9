package dev.dalle.trainer.data;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Hashes that never change with the Java version or the machine. */
final class StableHash {
  private StableHash() {}

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime must have SHA-256", e);
    }
  }

  /** A number in [0, 1) from some texts: the first 53 bits of the SHA-256 of the texts in UTF-8, each closed by a zero byte. */
  static double fraction(String... texts) {
    MessageDigest digest = sha256();
    for (String text : texts) {
      digest.update(text.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
    }
    return (ByteBuffer.wrap(digest.digest()).getLong() >>> 11) * 0x1p-53;
  }

  /** SplitMix64's mixing function: every bit of the result depends on every bit of {@code x}. */
  static long mix(long x) {
    long z = (x ^ x >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
