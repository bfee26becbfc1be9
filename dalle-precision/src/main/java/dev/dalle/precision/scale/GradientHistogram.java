package dev.dalle.precision.scale;

import java.util.Arrays;

/**
 * How large the elements of gradients were: how many had {@code floor(log2 |x|)} equal to each exponent of a 32-bit number.
 *
 * @param counts as {@link GradientOps#exponents} numbers its bins
 */
public record GradientHistogram(int[] counts) {
  /** Copies. */
  public GradientHistogram {
    if (counts.length != GradientOps.BINS) {
      throw new IllegalArgumentException("counts: expected " + GradientOps.BINS + " bins, got " + counts.length);
    }
    counts = counts.clone();
  }

  @Override
  public int[] counts() {
    return counts.clone();
  }

  /** All elements. */
  public long total() {
    return Arrays.stream(counts).asLongStream().sum();
  }

  /** Elements equal to zero. */
  public int zeros() {
    return counts[GradientOps.ZERO_BIN];
  }

  /** Elements that were infinite or not a number. */
  public int nonfinite() {
    return counts[GradientOps.NONFINITE_BIN];
  }

  /** Elements with {@code 2^exponent <= |x| < 2^(exponent + 1)}; exponents go from -126 to 127, and -127 stands for everything smaller but zero. */
  public int at(int exponent) {
    if (exponent < -127 || exponent > 127) {
      throw new IllegalArgumentException("exponent: expected -127 to 127, got " + exponent);
    }
    return counts[exponent + 127];
  }

  /** Elements other than zero with {@code |x| < 2^exponent}, for an exponent from -126 to 128. */
  public long below(int exponent) {
    if (exponent < -126 || exponent > 128) {
      throw new IllegalArgumentException("exponent: expected -126 to 128, got " + exponent);
    }
    return Arrays.stream(counts, 0, exponent + 127).asLongStream().sum();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GradientHistogram histogram && Arrays.equals(counts, histogram.counts);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts);
  }
}
