package dev.dalle.tokenizer.internal.split;

/**
 * The properties of code points that the usual split rules ask for, in one table for the first 65,536. They are the general categories of the running
 * JDK's Unicode version, and White_Space for {@link #SPACE}.
 */
public final class CharClass {
  /** Category L. */
  static final int LETTER = 1;
  /** Category N. */
  static final int NUMBER = 2;
  /** Property White_Space. */
  static final int SPACE = 4;
  /** Categories Lu, Lt, Lm, Lo, M: what a capitalised word may begin with. */
  static final int UPPER = 8;
  /** Categories Ll, Lm, Lo, M: what may follow. */
  static final int LOWER = 16;

  private static final byte[] TABLE = table();

  private CharClass() {}

  /** Whether a char has the property White_Space; those that have it are never surrogates. */
  public static boolean isSpace(char c) {
    return (TABLE[c] & SPACE) != 0;
  }

  /** All properties of a code point, as bits. */
  static int of(int codePoint) {
    return codePoint < 0x10000 ? TABLE[codePoint] & 0xFF : compute(codePoint);
  }

  private static byte[] table() {
    byte[] table = new byte[0x10000];
    for (int c = 0; c < table.length; c++) {
      table[c] = (byte) compute(c);
    }
    return table;
  }

  private static int compute(int codePoint) {
    int bits = switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> LETTER | UPPER;
      case Character.LOWERCASE_LETTER -> LETTER | LOWER;
      case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER | UPPER | LOWER;
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> UPPER | LOWER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
      default -> 0;
    };
    return isWhiteSpace(codePoint) ? bits | SPACE : bits;
  }

  /** The Unicode property White_Space, which is not what any method of {@link Character} tells. */
  private static boolean isWhiteSpace(int c) {
    return c >= 0x09 && c <= 0x0D || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029
        || c == 0x202F || c == 0x205F || c == 0x3000;
  }
}
