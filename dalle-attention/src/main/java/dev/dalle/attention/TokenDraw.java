package dev.dalle.attention;

import dev.dalle.tensor.Philox;
import java.util.Arrays;

/**
 * Draws one token from scores by inversion of the cumulative distribution, in double. Weights are {@code exp((score - greatest) / temperature)}. Tokens are
 * ranked by score, the smaller token first where scores are equal; top-k takes the first k, top-p of those the fewest first ones whose weights, added up in
 * that order, reach p times the sum of all. The draw itself goes through the tokens that are left in the order of the vocabulary.
 */
final class TokenDraw {
  private final SamplingOptions options;
  private final double[] weights;
  /** Empty where no ranks are needed. */
  private final long[] ranked;
  private final int[] words = new int[4];

  TokenDraw(SamplingOptions options, int vocabulary) {
    this.options = options;
    this.weights = new double[vocabulary];
    boolean cut = options.topK() > 0 && options.topK() < vocabulary || options.topP() < 1;
    this.ranked = new long[cut ? vocabulary : 0];
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
    double target = uniform(prompt, image, cell) * weigh(scores, at, scores[at + greatest]);
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

  /** Fills {@link #weights}, 0 for tokens that take no part, and returns their sum. */
  private double weigh(float[] scores, int at, float greatest) {
    for (int token = 0; token < weights.length; token++) {
      weights[token] = Math.exp(((double) scores[at + token] - greatest) / options.temperature());
    }
    if (ranked.length > 0) {
      rank(scores, at);
      leaveOut(options.topK() == 0 ? weights.length : options.topK());
      leaveOut(nucleus());
    }
    return sum();
  }

  private double sum() {
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    return sum;
  }

  /** Keys whose order is that of falling scores and, among equal ones, of rising tokens; the lower half of a key is its token. */
  private void rank(float[] scores, int at) {
    for (int token = 0; token < ranked.length; token++) {
      // Adding 0 makes one of the two zeros. The bits of floats that are not negative rise with them, those of negative ones fall.
      int bits = Float.floatToRawIntBits(scores[at + token] + 0f);
      int rising = bits ^ bits >> 31 & Integer.MAX_VALUE;
      ranked[token] = (long) ~rising << 32 | token;
    }
    Arrays.sort(ranked);
  }

  /** How many of the first ranks are enough for top-p. */
  private int nucleus() {
    double enough = options.topP() * sum();
    double sum = 0;
    for (int rank = 0; options.topP() < 1 && rank < ranked.length; rank++) {
      sum += weights[(int) ranked[rank]];
      if (sum >= enough) {
        return rank + 1;
      }
    }
    return ranked.length;
  }

  /** Leaves out the tokens from a rank on. */
  private void leaveOut(int from) {
    for (int rank = from; rank < ranked.length; rank++) {
      weights[(int) ranked[rank]] = 0;
    }
  }

  /** In (0, 1), 52 bits. */
  private double uniform(int prompt, int image, int cell) {
    Philox.block(options.seed(), Philox.stream(prompt, image), cell, words);
    long bits = (words[0] & 0xFFFFFFFFL) << 20 | (words[1] & 0xFFFFFFFFL) >>> 12;
    return (bits + 0.5) * 0x1p-52;
  }
}
