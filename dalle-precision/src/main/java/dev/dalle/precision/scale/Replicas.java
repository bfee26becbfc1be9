package dev.dalle.precision.scale;

/**
 * The processes that make an update together, each with a part of the batch or of the gradients. What they tell each other here makes all of them decide the
 * same about an update: each gets the same flags and the same sum, to the bit.
 */
@FunctionalInterface
public interface Replicas {
  /** One process by itself. */
  Replicas ALONE = (nonfinite, squares) -> squares;

  /**
   * Exchanges what each found. All call it once an update.
   *
   * @param nonfinite for each parameter whether its gradient is not all finite here; becomes whether it is so anywhere
   * @param squares sum of the squares of the unscaled gradients that this process holds, finite; what is not finite is left out
   * @return that sum over all processes, a gradient that several hold counted once
   */
  double combine(boolean[] nonfinite, double squares);
}
