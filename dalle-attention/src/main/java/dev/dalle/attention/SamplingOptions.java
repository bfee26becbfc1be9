package dev.dalle.attention;

/**
 * How tokens are drawn.
 *
 * @param temperature scores are divided by it: 1 draws from the model's own distribution, as the paper does; 0 takes the greatest score
 * @param topK only the k greatest scores take part, of equal ones the first; 0 for all of them, as in the paper
 * @param seed of the random numbers; those of image j of prompt i depend on seed, i, j and the token's place alone
 * @param batch the greatest number of images that are drawn at the same time
 */
public record SamplingOptions(double temperature, int topK, long seed, int batch) {
  /** Checks the numbers. */
  public SamplingOptions {
    if (!(temperature >= 0 && temperature <= 1e6)) {
      throw new IllegalArgumentException("temperature: expected 0 (the greatest score) to 1000000, got " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("top-k: expected 0 (off) or more, got " + topK);
    }
    if (batch < 1) {
      throw new IllegalArgumentException("batch: expected 1 or more, got " + batch);
    }
  }

  /** As in the paper (Ramesh et al. 2021, section 2.6): temperature 1, all scores; 16 images at a time. */
  public static SamplingOptions paper(long seed) {
    return new SamplingOptions(1, 0, seed, 16);
  }
}
