package dev.dalle.dist;

import dev.dalle.tensor.DType;

/** How the values of all ranks become one. */
public enum Reduction {
  /**
   * The sum. Floating-point types are added in F32 in the order of ranks, beginning with rank 0, and rounded once; what is not finite follows IEEE 754. Integers
   * are added in their own type and wrap.
   */
  SUM,
  /** The sum in F32, divided by the number of ranks in F32, rounded once. Not of integers. */
  AVERAGE,
  /** The greatest; NaN if any is NaN. */
  MAXIMUM;

  /** Whether elements of a type can be reduced so. */
  public boolean reduces(DType dtype) {
    return this != AVERAGE || dtype.isFloating();
  }
}
