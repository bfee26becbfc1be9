package dev.dalle.bench;

import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Softmax, its gradient, and the cross entropy of logits with its gradient. */
public class SoftmaxBenchmark extends SideBySide {
  /** Rows x classes: image tokens of a batch, text tokens of a batch, and a large square. */
  @Param({"2048x512", "384x2048", "8192x320"})
  public String shape;

  /** Type of rows and gradients. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** What is computed. */
  @Param({"SOFTMAX", "GRADIENT", "CROSS_ENTROPY"})
  public Function function;

  /** Functions of rows. */
  public enum Function {
    /** The softmax of each row. */
    SOFTMAX,
    /** The gradient of it. */
    GRADIENT,
    /** The mean cross entropy against one target a row, and the gradient for the logits. */
    CROSS_ENTROPY
  }

  @Override
  protected Comparison comparison() {
    return new SoftmaxComparison(shape, dtype, function);
  }
}
