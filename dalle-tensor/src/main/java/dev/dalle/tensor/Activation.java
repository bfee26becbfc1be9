package dev.dalle.tensor;

/** Element-wise nonlinearities. */
public enum Activation {
  /** {@code max(x, 0)}; its derivative at 0 is taken as 0. */
  RELU,
  /** {@code x * sigmoid(1.702 x)}, the activation of the Sparse Transformer (Child et al. 2019). */
  QUICK_GELU,
  /** {@code 1 / (1 + exp(-x))}. */
  SIGMOID
}
