package dev.dalle.trainer.run;

import dev.dalle.tensor.DType;

/** The type in which a stage computes products and convolutions and keeps activations. Parameters and moments are 32-bit either way. */
public enum Compute {
  /** 32-bit floats. */
  F32(DType.F32),
  /** bfloat16, where the processor has it. */
  BF16(DType.BF16),
  /**
   * IEEE binary16: the numbers of the paper's training on any processor, but no faster than {@link #F32} where products are computed by way of it. Gradients
   * underflow and overflow in it unless they are scaled, so nothing chooses it by itself.
   */
  F16(DType.F16);

  private final DType dtype;

  Compute(DType dtype) {
    this.dtype = dtype;
  }

  /** As the tensors call it. */
  public DType dtype() {
    return dtype;
  }
}
