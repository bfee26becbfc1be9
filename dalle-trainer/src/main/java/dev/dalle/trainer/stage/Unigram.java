package dev.dalle.trainer.stage;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Guessing without context: always predicts each token with its share of the training tokens. One is added to every count, so that a token that training
 * never had has a finite loss.
 */
final class Unigram {
  private final double[] losses;

  private Unigram(double[] losses) {
    this.losses = losses;
  }

  /**
   * Counts.
   *
   * @param training rows of tokens, each from 0 to {@code vocabulary - 1}
   */
  static Unigram of(int vocabulary, Stream<int[]> training) {
    double[] counts = new double[vocabulary];
    Arrays.fill(counts, 1);
    training.forEach(tokens -> {
      for (int token : tokens) {
        counts[token]++;
      }
    });
    double total = Arrays.stream(counts).sum();
    return new Unigram(Arrays.stream(counts).map(count -> -Math.log(count / total)).toArray());
  }

  /** Mean loss of tokens, in nats a token; 0 if there are none, as the transformer's is. */
  double loss(Stream<int[]> rows) {
    return rows.flatMapToInt(Arrays::stream).mapToDouble(token -> losses[token]).average().orElse(0);
  }
}
