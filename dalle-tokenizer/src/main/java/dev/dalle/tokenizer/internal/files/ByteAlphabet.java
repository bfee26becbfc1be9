package dev.dalle.tokenizer.internal.files;

import java.util.Arrays;
import java.util.Optional;

/**
 * GPT-2's way of writing bytes as visible chars: printable bytes of Latin-1 are themselves, and the other 68 are the chars from U+0100 on, in order. Source:
 * Radford et al. 2019, "Language models are unsupervised multitask learners", its published code.
 */
final class ByteAlphabet {
  private static final char[] CHARS = new char[256];
  private static final short[] BYTES = new short[0x144];

  static {
    Arrays.fill(BYTES, (short) -1);
    int next = 0x100;
    for (int value = 0; value < 256; value++) {
      boolean visible = value >= '!' && value <= '~' || value >= 0xA1 && value <= 0xAC || value >= 0xAE;
      CHARS[value] = (char) (visible ? value : next++);
      BYTES[CHARS[value]] = (short) value;
    }
  }

  private ByteAlphabet() {}

  /** Bytes in this alphabet. */
  static String write(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    for (byte unit : bytes) {
      text.append(CHARS[unit & 0xFF]);
    }
    return text.toString();
  }

  /** The bytes that a text writes; nothing if it has chars of no byte. */
  static Optional<byte[]> read(String text) {
    byte[] bytes = new byte[text.length()];
    for (int i = 0; i < bytes.length; i++) {
      char c = text.charAt(i);
      if (c >= BYTES.length || BYTES[c] < 0) {
        return Optional.empty();
      }
      bytes[i] = (byte) BYTES[c];
    }
    return Optional.of(bytes);
  }
}
