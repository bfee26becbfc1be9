package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.Tensor;

/** The operations of {@link dev.dalle.tensor.Ops} that are sums of products, under the same contract. */
interface Products {
  void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate);

  void linear(Tensor x, Tensor weight, Tensor bias, Tensor out);

  void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out);

  void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn);

  void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate);
}
