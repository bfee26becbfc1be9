package dev.dalle.attention;

import dev.dalle.tensor.Philox;
import java.util.Arrays;

/** Draws one token from scores by inversion of the cumulative distribution, in double, in the order of the vocabulary. */
final class TokenDraw {
  private final SamplingOptions options;
  private final double[] weights;
  private final float[] sorted;
  private final int[] words = new int[4];

  TokenDraw(SamplingOptions options, int vocabulary) {
    this.options = options;
    this.weights = new double[vocabulary];
    this.sorted = new float[options.topK() > 0 ? vocabulary : 0];
  }

  /**
   * Draws.
   *
   * @param scores of which entries {@code at} to {@code at + vocabulary} count
   * @throws IllegalStateException if one of them is not finite
   */
  int draw(float[] scores, int at, int prompt, int image, int cell) {
    int greatest = 0;
    for (int token = 0; token < weights.length; token++) {
      if (!Float.isFinite(scores[at + token])) {
        throw new IllegalStateException("the score of token " + token + " at cell " + cell + " of image " + image + " for caption " + prompt + " is "
            + scores[at + token] + "; the weights are damaged or of another model");
      }
      greatest = scores[at + token] > scores[at + greatest] ? token : greatest;
    }
    if (options.temperature() == 0) {
      return greatest;
    }
    double total = weigh(scores, at, scores[at + greatest]);
    double target = uniform(prompt, image, cell) * total;
    double sum = 0;
    int drawn = greatest;
    for (int token = 0; token < weights.length; token++) {
      if (weights[token] > 0) {
        drawn = token;
        sum += weights[token];
        if (sum > target) {
          break;
        }
      }
    }
    return drawn;
  }

  private double weigh(float[] scores, int at, float greatest) {
    float threshold = Float.NEGATIVE_INFINITY;
    int atThreshold = 0;
    if (options.topK() > 0 && options.topK() < weights.length) {
      System.arraycopy(scores, at, sorted, 0, weights.length);
      Arrays.sort(sorted);
      threshold = sorted[weights.length - options.topK()];
      // How many of the scores that equal the threshold belong to the k greatest.
      for (int i = weights.length - options.topK(); i < weights.length && sorted[i] == threshold; i++) {
        atThreshold++;
      }
    }
    double total = 0;
    for (int token = 0; token < weights.length; token++) {
      float score = scores[at + token];
      boolean takesPart = score > threshold || score == threshold && atThreshold-- > 0;
      weights[token] = takesPart ? Math.exp(((double) score - greatest) / options.temperature()) : 0;
      total += weights[token];
    }
    return total;
  }

  /** In (0, 1), 52 bits. */
  private double uniform(int prompt, int image, int cell) {
    Philox.block(options.seed(), Philox.stream(prompt, image), cell, words);
    long bits = (words[0] & 0xFFFFFFFFL) << 20 | (words[1] & 0xFFFFFFFFL) >>> 12;
    return (bits + 0.5) * 0x1p-52;
  }
}
