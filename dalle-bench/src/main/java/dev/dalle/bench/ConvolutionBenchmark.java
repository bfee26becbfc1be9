package dev.dalle.bench;

import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Convolutions of the discrete VAE: forwards, the gradient of the input, the gradients of weight and bias. */
public class ConvolutionBenchmark extends SideBySide {
  /**
   * Batch x height x width x inputs x outputs x kernel: the first convolution, then one of each width of a small model's residual paths, a 1 x 1 beside one, and
   * two of a model twice as wide.
   */
  @Param({"16x64x64x3x32x7", "16x64x64x32x8x3", "16x64x64x8x8x3", "16x64x64x8x32x1", "16x32x32x64x16x3", "16x16x16x32x32x3", "16x8x8x256x64x3",
      "16x32x32x128x32x3", "16x16x16x256x64x3"})
  public String shape;

  /** Type of images and weights; weights' gradients are F32 on our side, as training needs them. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Which part. */
  @Param({"FORWARD", "INPUT_GRADIENT", "PARAMETER_GRADIENT"})
  public Pass pass;

  /** The parts of a convolution's training. */
  public enum Pass {
    /** The convolution with its bias. */
    FORWARD,
    /** For the image. */
    INPUT_GRADIENT,
    /** For weight and bias. */
    PARAMETER_GRADIENT
  }

  @Override
  protected Comparison comparison() {
    return new ConvolutionComparison(shape, dtype, pass);
  }
}
