package dev.dalle.tokenizer.internal.text;

/** Rewrites a text before it is cut into pieces. Immutable, for any number of threads. */
public interface Normalizer {
  /** Whether the text is certain to come out as it is, so that nothing has to be done. */
  boolean leaves(String text);

  /**
   * Rewrites a text.
   *
   * @param out takes the new text in order, each part with the range of {@code text} that it stands for
   */
  void apply(String text, RewrittenText out);

  /** The text as it comes out. */
  default String apply(String text) {
    if (leaves(text)) {
      return text;
    }
    RewrittenText out = RewrittenText.withoutOrigins(text.length());
    apply(text, out);
    return out.text();
  }

  /** Nothing is changed. */
  Normalizer NONE = new Normalizer() {
    @Override
    public boolean leaves(String text) {
      return true;
    }

    @Override
    public void apply(String text, RewrittenText out) {
      out.copy(text, 0, text.length());
    }
  };
}
