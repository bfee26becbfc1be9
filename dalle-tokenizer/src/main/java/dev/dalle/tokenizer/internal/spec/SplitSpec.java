package dev.dalle.tokenizer.internal.spec;

import dev.dalle.tokenizer.internal.split.RegexSplitter.Behavior;

/** One rule that cuts text into pieces. */
public sealed interface SplitSpec {
  /** Runs of a-z, and every other code point by itself. */
  record Paper() implements SplitSpec {}

  /** GPT-2's expression. */
  record Gpt2() implements SplitSpec {}

  /** Matches of a pattern. */
  record Split(PatternSpec pattern, Behavior behavior, boolean inverted) implements SplitSpec {}
}
