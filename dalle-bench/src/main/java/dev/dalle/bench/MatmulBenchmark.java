package dev.dalle.bench;

import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Products of a linear layer: the layer itself, the gradient of its input, the gradient of its weight. */
public class MatmulBenchmark extends SideBySide {
  /** Rows x inputs x outputs: the perceptron and the heads of a small transformer, and one product of a wide one. */
  @Param({"2432x192x768", "2048x192x512", "1280x512x2048"})
  public String shape;

  /** Type of both factors; weights' gradients are F32 on our side, as training needs them. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Which product. */
  @Param({"FORWARD", "INPUT_GRADIENT", "WEIGHT_GRADIENT"})
  public Product product;

  /** The products of a linear layer. */
  public enum Product {
    /** {@code x W^T + b}. */
    FORWARD,
    /** {@code g W}. */
    INPUT_GRADIENT,
    /** {@code g^T x}. */
    WEIGHT_GRADIENT
  }

  @Override
  protected Comparison comparison() {
    return new MatmulComparison(shape, dtype, product);
  }
}
