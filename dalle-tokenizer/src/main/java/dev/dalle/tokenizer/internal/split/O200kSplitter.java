package dev.dalle.tokenizer.internal.split;

/**
 * The rule of o200k_base: words are cut where capitals begin, and take a contraction with them. Its expression is {@link #PATTERN}.
 *
 * <p>What its first two alternatives do: a run of "upper" code points (which letters without case and marks are too) and then one of "lower" code points; if no
 * lower one follows, the word ends with the last code point of the upper run that is both, and if there is none, with the run.
 */
public final class O200kSplitter extends Scanner {
  private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

  /** What this class does by hand. */
  public static final String PATTERN = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+" + CONTRACTION + "|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*"
      + CONTRACTION + "|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static final int ANY = CharClass.LETTER | CharClass.NUMBER | CharClass.SPACE;
  private static final int BOTH = CharClass.UPPER | CharClass.LOWER;
  private static final int NONE = -1;

  @Override
  int end(char[] text, int from, int to) {
    int first = Character.codePointAt(text, from, to);
    int after = from + Character.charCount(first);
    int properties = CharClass.of(first);
    if ((properties & CharClass.NUMBER) != 0) {
      return numerals(text, after, to, 3);
    }
    int word = NONE;
    if ((properties & CharClass.LETTER) != 0) {
      word = word(text, from, to);
    } else if (first != '\r' && first != '\n') {
      word = prefixedWord(text, after, to, (properties & BOTH) != 0);
    }
    if (word != NONE) {
      return word < to ? contraction(text, word, to, true) : word;
    }
    int body = first == ' ' ? after : from;
    int symbols = runWithout(ANY, text, body, to);
    if (symbols > body) {
      while (symbols < to && (text[symbols] == '\r' || text[symbols] == '\n' || text[symbols] == '/')) {
        symbols++;
      }
      return symbols;
    }
    return Cl100kSplitter.spaces(text, from, to);
  }

  /** The end of a word that begins at {@code from}; {@link #NONE} if none does. */
  private static int word(char[] text, int from, int to) {
    int upper = runOf(CharClass.UPPER, text, from, to);
    int both = lastOfBoth(text, from, upper, to);
    if (both == NONE) {
      return upper > from ? upper : NONE;
    }
    return both;
  }

  /**
   * The end of a word after one sign before it.
   *
   * @param signIsMark whether the sign is itself upper and lower: a mark
   */
  private static int prefixedWord(char[] text, int from, int to, boolean signIsMark) {
    int upper = runOf(CharClass.UPPER, text, from, to);
    int both = lastOfBoth(text, from, upper, to);
    if (both != NONE) {
      return both;
    }
    if (signIsMark) {
      // The expression's first alternative without the sign: the mark alone.
      return from;
    }
    return upper > from ? upper : NONE;
  }

  /** Where the first alternative ends: after the lower run that follows the upper run, or after the last code point of the upper run that is lower too. */
  private static int lastOfBoth(char[] text, int from, int upper, int to) {
    if (upper < to && (CharClass.of(Character.codePointAt(text, upper, to)) & CharClass.LOWER) != 0) {
      return runOf(CharClass.LOWER, text, upper, to);
    }
    for (int i = upper; i > from; ) {
      int codePoint = Character.codePointBefore(text, i, from);
      if ((CharClass.of(codePoint) & BOTH) == BOTH) {
        return i;
      }
      i -= Character.charCount(codePoint);
    }
    return NONE;
  }
}
