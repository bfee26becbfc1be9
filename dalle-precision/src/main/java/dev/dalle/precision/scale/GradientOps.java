package dev.dalle.precision.scale;

import dev.dalle.tensor.Tensor;

/**
 * What gradient scaling does with gradients on a device; {@code device.operations(GradientOps.class)} gives it. Posted, never waited for, the same bits and
 * counts whenever it is repeated, with any number of threads. Methods throw {@link dev.dalle.tensor.ShapeException} before anything is posted if shapes, types or
 * devices do not fit.
 */
public interface GradientOps {
  /** How many counts {@link #scaleFinite} and {@link #scaleCounted} keep. */
  int COUNTS = 3;

  /** Place among the counts: products that were infinite or not a number in 32 bits. */
  int NONFINITE = 0;

  /** Place among the counts: finite products that became infinite in the type of the result. */
  int OVERFLOWED = 1;

  /** Place among the counts: elements other than zero that became zero because they were too small. */
  int UNDERFLOWED = 2;

  /** Length of a histogram: a bin for each exponent field of a 32-bit number, and one for zeros. */
  int BINS = 257;

  /** The bin of infinities and of what is not a number. */
  int NONFINITE_BIN = 255;

  /** The bin of zeros. */
  int ZERO_BIN = 256;

  /**
   * {@code out = factor * in} where that is finite, else 0. The product is computed in 32 bits and rounded to the type of {@code out}, to nearest even, which may
   * still make it infinite: that stays, so that the gradients computed from it show it.
   *
   * @param in floating
   * @param factor positive, finite also when it is rounded to 32 bits, as happens first
   * @param out floating, as many elements, overwritten; may be {@code in}
   * @param counts I32 {@code [COUNTS]}, added to
   */
  void scaleFinite(Tensor in, double factor, Tensor out, Tensor counts);

  /**
   * As {@link #scaleFinite}, but what is not finite stays so.
   *
   * @param in floating
   * @param factor as there
   * @param out floating, as many elements, overwritten; may be {@code in}
   * @param counts I32 {@code [COUNTS]}, added to
   */
  void scaleCounted(Tensor in, double factor, Tensor out, Tensor counts);

  /**
   * Adds a histogram of {@code log2 |in|}: bin {@code e} counts numbers in {@code [2^(e - 127), 2^(e - 126))}, bin 0 those below {@code 2^-126}, and there are
   * bins for what is not finite and for zeros.
   *
   * @param in floating
   * @param histogram I32 {@code [BINS]}, added to
   */
  void exponents(Tensor in, Tensor histogram);

  /**
   * Hands counts over and starts them again, in a form that a host can read together with other numbers: {@code out[2 i] = counts[i] / 65536} without its
   * fraction, {@code out[2 i + 1]} the rest; then {@code counts[i] = 0}.
   *
   * @param counts I32, each read as a number from 0 to 2^32 - 1
   * @param out F32, twice as many elements, overwritten
   */
  void takeCounts(Tensor counts, Tensor out);
}
