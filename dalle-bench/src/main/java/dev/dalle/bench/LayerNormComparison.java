package dev.dalle.bench;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Layer normalisation on both sides. */
final class LayerNormComparison implements Comparison {
  private static final double EPSILON = 1e-5;

  private final DType dtype;
  private final boolean gradient;
  private final int rows;
  private final int width;
  private final float[] x;
  private final float[] gain;
  private final float[] bias;
  private final float[] grad;

  LayerNormComparison(String shape, DType dtype, boolean gradient) {
    int[] dims = Dims.parse(shape, 2);
    this.dtype = dtype;
    this.gradient = gradient;
    rows = dims[0];
    width = dims[1];
    x = Inputs.normal(1, 1, (long) rows * width);
    gain = Inputs.normal(2, 1, width);
    bias = Inputs.normal(3, 1, width);
    grad = Inputs.normal(4, 1, (long) rows * width);
  }

  @Override
  public double tolerance() {
    // With BF16 rows libtorch adds up the gradients of gain and bias in BF16, so that errors grow with the number of rows; ours are F32 sums.
    double rounding = gradient && dtype == DType.BF16 ? DType.BF16.epsilon() * Math.sqrt(rows) : 0;
    return rounding + Tolerances.of(dtype, gradient ? rows : width);
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Ops ops = scope.device().ops();
    Tensor in = Ours.of(scope, dtype, x, rows, width);
    Tensor gains = scope.of(gain, width);
    Tensor biases = scope.of(bias, width);
    Tensor out = scope.allocate(dtype, rows, width);
    Tensor mean = scope.allocate(DType.F32, rows);
    Tensor rstd = scope.allocate(DType.F32, rows);
    Runnable forward = () -> ops.layerNorm(in, gains, biases, EPSILON, out, mean, rstd);
    if (!gradient) {
      return Ours.of(scope, forward, out);
    }
    forward.run();
    Tensor g = Ours.of(scope, dtype, grad, rows, width);
    Tensor gradIn = scope.allocate(dtype, rows, width);
    Tensor gradGain = scope.of(new float[width], width);
    Tensor gradBias = scope.of(new float[width], width);
    return Ours.of(scope, () -> ops.layerNormGradient(in, gains, mean, rstd, g, gradIn, gradGain, gradBias), gradIn, gradGain, gradBias);
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    long[] last = {width};
    org.bytedeco.pytorch.Tensor in = Torch.of(dtype, x, rows, width);
    TensorOptional gains = Torch.optional(Torch.of(DType.F32, gain, width));
    TensorOptional biases = Torch.optional(Torch.of(DType.F32, bias, width));
    T_TensorTensorTensor_T forward = torch.native_layer_norm(in, last, gains, biases, EPSILON);
    if (!gradient) {
      return Torch.returning(() -> List.of(torch.native_layer_norm(in, last, gains, biases, EPSILON).get0()));
    }
    // Copies of the tuple's elements: what get returns goes with the tuple.
    org.bytedeco.pytorch.Tensor mean = new org.bytedeco.pytorch.Tensor(forward.get1());
    org.bytedeco.pytorch.Tensor rstd = new org.bytedeco.pytorch.Tensor(forward.get2());
    org.bytedeco.pytorch.Tensor g = Torch.of(dtype, grad, rows, width);
    BoolPointer all = Torch.mask(true, true, true);
    return Torch.returning(() -> {
      T_TensorTensorTensor_T gradients = torch.native_layer_norm_backward(g, in, last, mean, rstd, gains, biases, all);
      return List.of(gradients.get0(), gradients.get1(), gradients.get2());
    });
  }
}
