package dev.dalle.tokenizer.internal.spec;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Tokens for people to look at. */
public final class ByteText {
  private ByteText() {}

  /** A byte: itself if it is printable ASCII, else in the form {@code <0xE2>}. */
  public static String shown(int value) {
    return value >= 0x20 && value < 0x7F ? Character.toString(value) : String.format("<0x%02X>", value);
  }

  /** Bytes: as text if they are UTF-8 without control characters, else byte by byte. */
  public static String shown(byte[] bytes) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.codePoints().noneMatch(Character::isISOControl)) {
        return text;
      }
    } catch (CharacterCodingException e) {
      // Part of a code point: shown byte by byte.
    }
    StringBuilder shown = new StringBuilder();
    for (byte unit : bytes) {
      shown.append(shown(unit & 0xFF));
    }
    return shown.toString();
  }
}
