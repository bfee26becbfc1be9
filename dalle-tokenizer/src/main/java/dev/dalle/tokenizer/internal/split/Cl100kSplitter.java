package dev.dalle.tokenizer.internal.split;

/**
 * The rule of cl100k_base and its many descendants:
 * {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+}, some of which take another
 * number of digits.
 */
public final class Cl100kSplitter extends Scanner {
  private static final int ANY = CharClass.LETTER | CharClass.NUMBER | CharClass.SPACE;

  private final int maxDigits;

  /**
   * A rule of the family.
   *
   * @param maxDigits the most numerals of one piece: 3, or 1 in some models
   */
  public Cl100kSplitter(int maxDigits) {
    this.maxDigits = maxDigits;
  }

  /** The regular expression that this class does by hand. */
  public static String pattern(int maxDigits) {
    return "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + (maxDigits == 1 ? "" : "{1," + maxDigits + "}")
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  @Override
  int end(char[] text, int from, int to) {
    int contraction = contraction(text, from, to, true);
    if (contraction > from) {
      return contraction;
    }
    int first = Character.codePointAt(text, from, to);
    int after = from + Character.charCount(first);
    int properties = CharClass.of(first) & ANY;
    if (properties == CharClass.LETTER) {
      return runOf(CharClass.LETTER, text, after, to);
    }
    if (properties == CharClass.NUMBER) {
      return numerals(text, after, to, maxDigits);
    }
    if (first != '\r' && first != '\n' && after < to && (CharClass.of(Character.codePointAt(text, after, to)) & CharClass.LETTER) != 0) {
      return runOf(CharClass.LETTER, text, after, to);
    }
    int body = first == ' ' ? after : from;
    int symbols = runWithout(ANY, text, body, to);
    return symbols > body ? lineBreaks(text, symbols, to) : spaces(text, from, to);
  }

  private static int lineBreaks(char[] text, int from, int to) {
    int end = from;
    while (end < to && (text[end] == '\r' || text[end] == '\n')) {
      end++;
    }
    return end;
  }

  /** Up to and with the last line break of the run, if it has one. */
  static int spaces(char[] text, int from, int to) {
    int end = runOf(CharClass.SPACE, text, from, to);
    for (int i = end - 1; i >= from; i--) {
      if (text[i] == '\r' || text[i] == '\n') {
        return i + 1;
      }
    }
    return whiteSpace(from, end, to);
  }
}
