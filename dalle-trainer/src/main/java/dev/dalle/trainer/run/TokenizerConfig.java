package dev.dalle.trainer.run;

/**
 * Training of the byte-pair tokenizer.
 *
 * @param vocabularySize tokens wanted, 256 or more; the captions may not hold enough pairs for all
 * @param minFrequency smallest count at which a pair is still merged
 */
public record TokenizerConfig(int vocabularySize, long minFrequency) {
  /** Checks. */
  public TokenizerConfig {
    Require.atLeast("vocabularySize", 256, vocabularySize);
    Require.atLeast("minFrequency", 1, minFrequency);
  }
}
