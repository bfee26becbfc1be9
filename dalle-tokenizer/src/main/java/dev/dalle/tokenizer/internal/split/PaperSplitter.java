package dev.dalle.tokenizer.internal.split;

/** A maximal run of the letters a-z is a piece; so is every other code point by itself. The text is lower-cased before. */
public final class PaperSplitter extends Scanner {
  /** Whether a char is one that merges. */
  public static boolean isLetter(int c) {
    return c >= 'a' && c <= 'z';
  }

  @Override
  int end(char[] text, int from, int to) {
    if (!isLetter(text[from])) {
      return from + Character.charCount(Character.codePointAt(text, from, to));
    }
    int end = from + 1;
    while (end < to && isLetter(text[end])) {
      end++;
    }
    return end;
  }
}
