package dev.dalle.tokenizer.internal.split;

/**
 * The rule of GPT-2, as its regular expression says it:
 * {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}.
 */
public final class Gpt2Splitter extends Scanner {
  /** What this class does by hand. */
  public static final String PATTERN = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private static final int ANY = CharClass.LETTER | CharClass.NUMBER | CharClass.SPACE;

  @Override
  int end(char[] text, int from, int to) {
    int contraction = contraction(text, from, to, false);
    if (contraction > from) {
      return contraction;
    }
    int body = text[from] == ' ' && from + 1 < to ? from + 1 : from;
    int properties = CharClass.of(Character.codePointAt(text, body, to)) & ANY;
    if (properties == 0) {
      return runWithout(ANY, text, body, to);
    }
    if (properties != CharClass.SPACE) {
      return runOf(properties, text, body, to);
    }
    return whiteSpace(from, runOf(CharClass.SPACE, text, from, to), to);
  }
}
