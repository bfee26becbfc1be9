package dev.dalle.trainer.run;

import dev.dalle.tensor.DType;

/** The type in which a stage computes products and convolutions and keeps activations. Parameters and moments are 32-bit either way. */
public enum Compute {
  /** 32-bit floats. */
  F32(DType.F32),
  /** bfloat16, where the processor has it. */
  BF16(DType.BF16);

  private final DType dtype;

  Compute(DType dtype) {
    this.dtype = dtype;
  }

  /** As the tensors call it. */
  public DType dtype() {
    return dtype;
  }
}
