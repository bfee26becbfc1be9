package dev.dalle.attention;

/**
 * How tokens are drawn. Scores are made of one or two passes ({@code guidance}), divided by the temperature, cut to the k greatest ({@code topK}), and of
 * what is left to the nucleus ({@code topP}); the token is drawn among the rest with probabilities in proportion to {@code exp(score)}.
 *
 * @param temperature scores are divided by it: 1 draws from the model's own distribution, as the paper does; 0 takes the greatest score
 * @param topK only the k greatest scores take part, of equal ones the smaller tokens; 0 for all of them, as in the paper
 * @param topP more than 0, at most 1: only the nucleus takes part, the smallest set of most likely tokens whose probabilities, after temperature and top-k,
 *     sum to at least this; of equal scores the smaller tokens come first, and the most likely token is always in it. 1 for all of them, as in the paper.
 *     Source: Holtzman et al. 2020, arXiv 1904.09751, section 3.1
 * @param guidance from 0 to {@value #MAX_GUIDANCE}: scores are {@code u + guidance * (c - u)}, c being those after the caption and u those after the empty
 *     caption and the same image tokens; 1 for c alone, as in the paper, 0 for u alone. It means something only for a model that was trained with some
 *     captions left out. Source: Ho and Salimans 2022, arXiv 2207.12598
 * @param seed of the random numbers; those of image j of prompt i depend on seed, i, j and the token's place alone
 * @param batch the greatest number of images that are drawn at the same time; with guidance, each of them takes two rows of a batch
 */
public record SamplingOptions(double temperature, int topK, double topP, double guidance, long seed, int batch) {
  /** The greatest guidance. */
  public static final int MAX_GUIDANCE = 1000;

  /** Checks the numbers. */
  public SamplingOptions {
    if (!(temperature >= 0 && temperature <= 1e6)) {
      throw new IllegalArgumentException("temperature: expected 0 (the greatest score) to 1000000, got " + temperature);
    }
    if (topK < 0) {
      throw new IllegalArgumentException("top-k: expected 0 (off) or more, got " + topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException("top-p: expected more than 0, at most 1 (off), got " + topP);
    }
    if (!(guidance >= 0 && guidance <= MAX_GUIDANCE)) {
      throw new IllegalArgumentException("guidance: expected 0 (without the caption) to " + MAX_GUIDANCE + ", 1 being off, got " + guidance);
    }
    if (batch < 1) {
      throw new IllegalArgumentException("batch: expected 1 or more, got " + batch);
    }
  }

  /** As in the paper (Ramesh et al. 2021, section 2.6): temperature 1, all scores, one pass; 16 images at a time. */
  public static SamplingOptions paper(long seed) {
    return new SamplingOptions(1, 0, 1, 1, seed, 16);
  }

  /** These options with another temperature. */
  public SamplingOptions withTemperature(double other) {
    return new SamplingOptions(other, topK, topP, guidance, seed, batch);
  }

  /** These options with another number of scores that take part. */
  public SamplingOptions withTopK(int other) {
    return new SamplingOptions(temperature, other, topP, guidance, seed, batch);
  }

  /** These options with another nucleus. */
  public SamplingOptions withTopP(double other) {
    return new SamplingOptions(temperature, topK, other, guidance, seed, batch);
  }

  /** These options with another weight of the caption. */
  public SamplingOptions withGuidance(double other) {
    return new SamplingOptions(temperature, topK, topP, other, seed, batch);
  }

  /** These options with another number of images at a time, which changes no image. */
  public SamplingOptions withBatch(int other) {
    return new SamplingOptions(temperature, topK, topP, guidance, seed, other);
  }

  /** Whether a second pass is needed. */
  boolean guided() {
    return guidance != 1;
  }
}
