package dev.dalle.tokenizer.internal.files;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;

/** Text files of others. */
final class Utf8 {
  private Utf8() {}

  /**
   * The text of bytes.
   *
   * @throws FormatProblem if they are no UTF-8
   */
  static String decode(byte[] bytes) throws FormatProblem {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    try {
      return decoder.decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new FormatProblem("expected UTF-8 text, and the file is none: is it of another kind, or damaged?");
    }
  }
}
