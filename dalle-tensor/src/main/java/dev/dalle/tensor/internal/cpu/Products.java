package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.Tensor;

/** The operations of {@link dev.dalle.tensor.Ops} that are sums of products, under the same contract. */
public interface Products {
  /** {@link dev.dalle.tensor.Ops#matmul}. */
  void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate);

  /** {@link dev.dalle.tensor.Ops#linear}. */
  void linear(Tensor x, Tensor weight, Tensor bias, Tensor out);

  /** {@link dev.dalle.tensor.Ops#convolution}. */
  void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out);

  /** {@link dev.dalle.tensor.Ops#convolutionInputGradient}. */
  void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn);

  /** {@link dev.dalle.tensor.Ops#convolutionParameterGradient}. */
  void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate);
}
