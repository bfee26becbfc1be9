package dev.dalle.trainer.experiment;

import java.util.Arrays;

/**
 * Of numbers that differ by chance.
 *
 * @param mean NaN if there are none
 * @param standardError of the mean, from the numbers themselves; NaN of fewer than two
 */
record Spread(double mean, double standardError) {
  static Spread of(double[] values) {
    double mean = Arrays.stream(values).average().orElse(Double.NaN);
    double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
    return new Spread(mean, values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1) / values.length));
  }
}
