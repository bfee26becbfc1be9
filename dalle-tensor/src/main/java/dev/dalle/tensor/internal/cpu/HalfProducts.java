package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;

/**
 * Products of F16 by products of F32: operands are converted to memory of the device that is given back at once, sums are F32, results are rounded once. So the
 * numbers are the same on every processor: few multiply F16 by themselves, and those that do need not add up in F32. All else is passed on.
 */
public final class HalfProducts implements Products {
  private final Device device;
  private final Products floats;

  /**
   * In front of others.
   *
   * @param floats computes F32, and types other than F16
   */
  public HalfProducts(Device device, Products floats) {
    this.device = device;
    this.floats = floats;
  }

  @Override
  public void matmul(Tensor a, boolean transposeA, Tensor b, boolean transposeB, double alpha, Tensor out, boolean accumulate) {
    if (a.dtype() != DType.F16) {
      floats.matmul(a, transposeA, b, transposeB, alpha, out, accumulate);
      return;
    }
    try (Scope scope = device.newScope()) {
      Tensor result = result(scope, out);
      if (accumulate && result != out) {
        device.ops().copy(out, result);
      }
      floats.matmul(widened(scope, a), transposeA, widened(scope, b), transposeB, alpha, result, accumulate);
      round(result, out);
    }
  }

  @Override
  public void linear(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    if (x.dtype() != DType.F16) {
      floats.linear(x, weight, bias, out);
      return;
    }
    try (Scope scope = device.newScope()) {
      Tensor result = result(scope, out);
      floats.linear(widened(scope, x), widened(scope, weight), bias, result);
      round(result, out);
    }
  }

  @Override
  public void convolution(Tensor x, Tensor weight, Tensor bias, Tensor out) {
    if (x.dtype() != DType.F16) {
      floats.convolution(x, weight, bias, out);
      return;
    }
    try (Scope scope = device.newScope()) {
      Tensor result = result(scope, out);
      floats.convolution(widened(scope, x), widened(scope, weight), bias, result);
      round(result, out);
    }
  }

  @Override
  public void convolutionInputGradient(Tensor gradOut, Tensor weight, Tensor gradIn) {
    if (gradOut.dtype() != DType.F16) {
      floats.convolutionInputGradient(gradOut, weight, gradIn);
      return;
    }
    try (Scope scope = device.newScope()) {
      Tensor result = result(scope, gradIn);
      floats.convolutionInputGradient(widened(scope, gradOut), widened(scope, weight), result);
      round(result, gradIn);
    }
  }

  @Override
  public void convolutionParameterGradient(Tensor x, Tensor gradOut, Tensor gradWeight, Tensor gradBias, boolean accumulate) {
    if (x.dtype() != DType.F16) {
      floats.convolutionParameterGradient(x, gradOut, gradWeight, gradBias, accumulate);
      return;
    }
    try (Scope scope = device.newScope()) {
      floats.convolutionParameterGradient(widened(scope, x), widened(scope, gradOut), gradWeight, gradBias, accumulate);
    }
  }

  private Tensor widened(Scope scope, Tensor operand) {
    Tensor wide = scope.allocate(DType.F32, operand.shape());
    device.ops().copy(operand, wide);
    return wide;
  }

  /** Where to compute what goes to {@code out}: there, if it is F32. */
  private static Tensor result(Scope scope, Tensor out) {
    return out.dtype() == DType.F32 ? out : scope.allocate(DType.F32, out.shape());
  }

  private void round(Tensor result, Tensor out) {
    if (result != out) {
      device.ops().copy(result, out);
    }
  }
}
