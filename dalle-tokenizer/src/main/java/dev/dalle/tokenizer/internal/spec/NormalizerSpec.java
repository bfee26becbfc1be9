package dev.dalle.tokenizer.internal.spec;

import java.text.Normalizer.Form;

/** One way of rewriting a text before it is cut. */
public sealed interface NormalizerSpec {
  /** Lower case, code point by code point. */
  record Lowercase() implements NormalizerSpec {}

  /** A Unicode normalization form. */
  record Unicode(Form form) implements NormalizerSpec {}

  /** Every match by a fixed text. */
  record Replace(PatternSpec pattern, String content) implements NormalizerSpec {}

  /** A text in front; of the beginning of the whole text only, if {@code firstOnly}. */
  record Prepend(String prefix, boolean unlessThere, boolean firstOnly) implements NormalizerSpec {}

  /** White space at the ends goes. */
  record Strip(boolean left, boolean right) implements NormalizerSpec {}

  /** Combining marks go. */
  record StripAccents() implements NormalizerSpec {}
}
