package dev.dalle.bench;

import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;

/** An activation on both sides. */
final class ActivationComparison implements Comparison {
  /** Quick GELU is {@code x sigmoid(FACTOR x)}, which is {@code silu(FACTOR x) / FACTOR}. */
  private static final double FACTOR = 1.702;

  private final DType dtype;
  private final Activation activation;
  private final boolean gradient;
  private final int rows;
  private final int width;
  private final float[] x;
  private final float[] grad;

  ActivationComparison(String shape, DType dtype, Activation activation, boolean gradient) {
    int[] dims = Dims.parse(shape, 2);
    this.dtype = dtype;
    this.activation = activation;
    this.gradient = gradient;
    rows = dims[0];
    width = dims[1];
    x = Inputs.normal(1, 1.5, (long) rows * width);
    grad = Inputs.normal(2, 1, (long) rows * width);
  }

  @Override
  public double tolerance() {
    return Tolerances.of(dtype, 1);
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Ops ops = scope.device().ops();
    Tensor in = Ours.of(scope, dtype, x, rows, width);
    Tensor out = scope.allocate(dtype, rows, width);
    if (!gradient) {
      return Ours.of(scope, () -> ops.activation(activation, in, out), out);
    }
    Tensor g = Ours.of(scope, dtype, grad, rows, width);
    return Ours.of(scope, () -> ops.activationGradient(activation, in, g, out), out);
  }

  /** libtorch has no quick GELU of its own; by way of SiLU it takes three passes, and two for the gradient, with nothing allocated. */
  @Override
  public Formulation libtorch() {
    Torch.prepare();
    Scalar factor = new Scalar(FACTOR);
    Scalar inverse = new Scalar(1 / FACTOR);
    Scalar zero = new Scalar(0.0);
    org.bytedeco.pytorch.Tensor in = Torch.of(dtype, x, rows, width);
    org.bytedeco.pytorch.Tensor g = Torch.of(dtype, grad, rows, width);
    org.bytedeco.pytorch.Tensor out = torch.empty_like(in);
    return switch (activation) {
      case QUICK_GELU -> gradient ? Torch.into(() -> {
        torch.mul_out(out, in, factor);
        torch.silu_backward_out(out, g, out);
      }, out) : Torch.into(() -> {
        torch.mul_out(out, in, factor);
        torch.silu_(out);
        out.mul_(inverse);
      }, out);
      case RELU -> gradient ? Torch.into(() -> torch.threshold_backward_out(out, g, in, zero), out)
          : Torch.into(() -> torch.clamp_min_out(out, in, zero), out);
      case SIGMOID -> gradient ? Torch.returning(() -> List.of(torch.sigmoid_backward(g, torch.sigmoid(in))))
          : Torch.into(() -> torch.sigmoid_out(out, in), out);
    };
  }
}
