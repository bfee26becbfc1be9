package dev.dalle.bench;

import java.util.List;

/** Whether two sides computed the same. */
final class Agreement {
  private Agreement() {}

  /**
   * Compares array by array: every difference must be within {@code tolerance} times the greatest magnitude of the second array, and the root mean square of
   * the differences within a quarter of the tolerance times that of the second array.
   *
   * <p>The first finds a single wrong number, the second a small error everywhere. Both are relative to the whole array because sums that cancel have no
   * accuracy of their own.
   *
   * @throws IllegalStateException if they differ by more; the message says where and by how much
   */
  static void check(List<float[]> results, List<float[]> expected, double tolerance) {
    if (results.size() != expected.size()) {
      throw new IllegalStateException("results: expected " + expected.size() + " arrays, got " + results.size());
    }
    for (int i = 0; i < results.size(); i++) {
      check(i, results.get(i), expected.get(i), tolerance);
    }
  }

  private static void check(int array, float[] results, float[] expected, double tolerance) {
    if (results.length != expected.length) {
      throw new IllegalStateException("result " + array + ": expected " + expected.length + " numbers, got " + results.length);
    }
    double greatest = 0;
    double squares = 0;
    for (float value : expected) {
      greatest = Math.max(greatest, Math.abs(value));
      squares += (double) value * value;
    }
    double differences = 0;
    for (int i = 0; i < results.length; i++) {
      double difference = Math.abs((double) results[i] - expected[i]);
      if (!(difference <= tolerance * greatest)) {
        throw new IllegalStateException("result " + array + ", element " + i + ": expected " + expected[i] + " within " + tolerance * greatest + ", got "
            + results[i]);
      }
      differences += difference * difference;
    }
    if (!(Math.sqrt(differences) <= tolerance / 4 * Math.sqrt(squares))) {
      throw new IllegalStateException("result " + array + ": expected a relative difference of at most " + tolerance / 4 + ", got "
          + Math.sqrt(differences / squares));
    }
  }
}
