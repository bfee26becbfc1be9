package dev.dalle.precision.optimizer;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;

/**
 * How {@link AdamW} keeps the moments of parameters of kind MATRIX; those of kind FULL are always F32. Nothing else decides: neither the size of a
 * parameter, nor how parameters are grouped or cut into shards.
 */
public enum Moments {
  /** Both in F32. */
  F32,
  /**
   * The mean in {@link FloatFormat#F1_6_9}, the variance in {@link FloatFormat#F0_6_10}, as codes of type U16. Source: Ramesh et al. 2021, arXiv 2102.12092,
   * section 2.4.
   */
  SIXTEEN_BIT;

  /** Type of the tensors that hold the moments of a parameter of this kind. */
  DType dtype(Parameter.Kind kind) {
    return this == SIXTEEN_BIT && kind == Parameter.Kind.MATRIX ? DType.U16 : DType.F32;
  }
}
