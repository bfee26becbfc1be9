package dev.dalle.bench;

import dev.dalle.tensor.DType;

/** How far the two sides' results may lie apart, as a share of the greatest result; see {@link Agreement}. */
final class Tolerances {
  private Tolerances() {}

  /**
   * Of one operation whose sums have the given number of terms. F32: rounding errors of a sum of n terms of random sign grow like the root of n, and both
   * sides have them; four times that. In 16 bits each side rounds once, but libtorch's formulations in several operations also round
   * in between; four roundings.
   */
  static double of(DType dtype, long terms) {
    double sum = 4 * DType.F32.epsilon() * Math.sqrt(terms);
    return dtype == DType.F32 ? Math.max(1e-6, sum) : 4 * dtype.epsilon() + sum;
  }
}
