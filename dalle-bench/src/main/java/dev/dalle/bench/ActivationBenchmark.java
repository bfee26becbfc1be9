package dev.dalle.bench;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** The activations of both networks and their gradients: the transformer's sigmoid approximation of GELU, the discrete VAE's ReLU. */
public class ActivationBenchmark extends SideBySide {
  /** Rows x width: a perceptron's hidden layer in a small and in a wide transformer. */
  @Param({"2432x768", "1280x2048"})
  public String shape;

  /** Type of all tensors. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Which function. */
  @Param({"QUICK_GELU", "RELU"})
  public Activation activation;

  /** Whether the gradient is computed rather than the function. */
  @Param({"false", "true"})
  public boolean gradient;

  @Override
  protected Comparison comparison() {
    return new ActivationComparison(shape, dtype, activation, gradient);
  }
}
