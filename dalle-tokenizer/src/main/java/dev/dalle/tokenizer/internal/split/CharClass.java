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
  /** Category Nd, Pc, M, Alphabetic or Join_Control: what a regular expression calls {@code \w}. */
  static final int WORD = 32;
  /** Category P. */
  static final int PUNCTUATION = 64;
  /** Category Nd. */
  static final int DIGIT = 128;

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

  /** The code point at an index of {@code text[.., to)}; a surrogate that is not part of a pair stands for itself. */
  static int codePointAt(char[] text, int index, int to) {
    char c = text[index];
    if (Character.isHighSurrogate(c) && index + 1 < to && Character.isLowSurrogate(text[index + 1])) {
      return Character.toCodePoint(c, text[index + 1]);
    }
    return c;
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
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> UPPER | LOWER | WORD;
      case Character.DECIMAL_DIGIT_NUMBER -> NUMBER | WORD | DIGIT;
      case Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
      case Character.CONNECTOR_PUNCTUATION -> WORD | PUNCTUATION;
      case Character.DASH_PUNCTUATION, Character.START_PUNCTUATION, Character.END_PUNCTUATION, Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION, Character.OTHER_PUNCTUATION -> PUNCTUATION;
      default -> 0;
    };
    if (Character.isAlphabetic(codePoint) || codePoint == 0x200C || codePoint == 0x200D) {
      bits |= WORD;
    }
    return isWhiteSpace(codePoint) ? bits | SPACE : bits;
  }

  /** The Unicode property White_Space, which is not what any method of {@link Character} tells. */
  private static boolean isWhiteSpace(int c) {
    return c >= 0x09 && c <= 0x0D || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029
        || c == 0x202F || c == 0x205F || c == 0x3000;
  }
}
