package dev.dalle.tokenizer.internal.text;

import dev.dalle.tokenizer.internal.split.CharClass;

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
    while (left && from < to && CharClass.isSpace(text.charAt(from))) {
      from++;
    }
    while (right && from < to && CharClass.isSpace(text.charAt(to - 1))) {
      to--;
    }
    out.copy(text, from, to);
  }
}
