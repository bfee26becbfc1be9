package dev.dalle.tokenizer.internal.text;

/**
 * Removes white space at the ends.
 *
 * @param left whether at the beginning
 * @param right whether at the end
 */
public record Strip(boolean left, boolean right) implements Normalizer {
  @Override
  public boolean leaves(String text) {
    return false;
  }

  @Override
  public void apply(String text, RewrittenText out) {
    int from = 0;
    int to = text.length();
    while (left && from < to && Character.isWhitespace(text.charAt(from)) || left && from < to && Character.isSpaceChar(text.charAt(from))) {
      from++;
    }
    while (right && from < to && (Character.isWhitespace(text.charAt(to - 1)) || Character.isSpaceChar(text.charAt(to - 1)))) {
      to--;
    }
    out.copy(text, from, to);
  }
}
