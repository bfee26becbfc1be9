package dev.dalle.tokenizer.internal.text;

/**
 * Puts a text in front of every text that is not empty.
 *
 * @param prefix what is put there
 * @param unlessThere whether a text that begins with it already stays as it is
 */
public record Prepend(String prefix, boolean unlessThere) implements Normalizer {
  @Override
  public boolean leaves(String text) {
    return text.isEmpty() || unlessThere && text.startsWith(prefix);
  }

  @Override
  public void apply(String text, RewrittenText out) {
    if (!leaves(text)) {
      out.put(prefix, 0, 0);
    }
    out.copy(text, 0, text.length());
  }
}
