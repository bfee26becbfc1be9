package dev.dalle.bench;

import dev.dalle.bench.ConvolutionBenchmark.Pass;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.global.torch;

/** A convolution on both sides. */
final class ConvolutionComparison implements Comparison {
  private final DType dtype;
  private final Pass pass;
  private final int batch;
  private final int height;
  private final int width;
  private final int inputs;
  private final int outputs;
  private final int kernel;
  private final float[] image;
  private final float[] weight;
  private final float[] bias;
  private final float[] grad;

  ConvolutionComparison(String shape, DType dtype, Pass pass) {
    int[] dims = Dims.parse(shape, 6);
    this.dtype = dtype;
    this.pass = pass;
    batch = dims[0];
    height = dims[1];
    width = dims[2];
    inputs = dims[3];
    outputs = dims[4];
    kernel = dims[5];
    long positions = (long) batch * height * width;
    image = Inputs.normal(1, 1, positions * inputs);
    weight = Inputs.normal(2, 1 / Math.sqrt((double) inputs * kernel * kernel), (long) outputs * inputs * kernel * kernel);
    bias = Inputs.normal(3, 1, outputs);
    grad = Inputs.normal(4, 1, positions * outputs);
  }

  @Override
  public double tolerance() {
    long window = (long) kernel * kernel;
    return Tolerances.of(dtype, switch (pass) {
      case FORWARD -> window * inputs;
      case INPUT_GRADIENT -> window * outputs;
      case PARAMETER_GRADIENT -> (long) batch * height * width;
    });
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Ops ops = scope.device().ops();
    Tensor w = Ours.of(scope, dtype, weight, outputs, inputs, kernel, kernel);
    Tensor x = Ours.of(scope, dtype, image, batch, height, width, inputs);
    Tensor g = Ours.of(scope, dtype, grad, batch, height, width, outputs);
    return switch (pass) {
      case FORWARD -> {
        Tensor b = scope.of(bias, outputs);
        Tensor out = scope.allocate(dtype, batch, height, width, outputs);
        yield Ours.of(scope, () -> ops.convolution(x, w, b, out), out);
      }
      case INPUT_GRADIENT -> {
        Tensor gradIn = scope.allocate(dtype, batch, height, width, inputs);
        yield Ours.of(scope, () -> ops.convolutionInputGradient(g, w, gradIn), gradIn);
      }
      case PARAMETER_GRADIENT -> {
        Tensor gradWeight = scope.allocate(DType.F32, outputs, inputs, kernel, kernel);
        Tensor gradBias = scope.allocate(DType.F32, outputs);
        yield Ours.of(scope, () -> ops.convolutionParameterGradient(x, g, gradWeight, gradBias, false), gradWeight, gradBias);
      }
    };
  }

  /** oneDNN inside libtorch, in the channels-last layout. It returns new tensors: none of these functions writes into one that exists. */
  @Override
  public Formulation libtorch() {
    Torch.prepare();
    long[] padding = {kernel / 2, kernel / 2};
    long[] ones = {1, 1};
    long[] zeros = {0, 0};
    org.bytedeco.pytorch.Tensor x = Torch.image(dtype, image, batch, height, width, inputs);
    org.bytedeco.pytorch.Tensor w = Torch.kernel(dtype, weight, outputs, inputs, kernel);
    org.bytedeco.pytorch.Tensor g = Torch.image(dtype, grad, batch, height, width, outputs);
    TensorOptional b = Torch.optional(Torch.of(dtype, bias, outputs));
    BoolPointer forInput = Torch.mask(true, false, false);
    BoolPointer forParameters = Torch.mask(false, true, true);
    return switch (pass) {
      case FORWARD -> Torch.of(() -> torch.conv2d(x, w, b, ones, padding, ones, 1),
          () -> List.of(Torch.imageFloats(torch.conv2d(x, w, b, ones, padding, ones, 1))));
      case INPUT_GRADIENT -> Torch.of(() -> backward(g, x, w, ones, padding, zeros, forInput),
          () -> List.of(Torch.imageFloats(backward(g, x, w, ones, padding, zeros, forInput).get0())));
      case PARAMETER_GRADIENT -> Torch.of(() -> backward(g, x, w, ones, padding, zeros, forParameters), () -> {
        T_TensorTensorTensor_T gradients = backward(g, x, w, ones, padding, zeros, forParameters);
        return List.of(Torch.floats(gradients.get1()), Torch.floats(gradients.get2()));
      });
    };
  }

  private T_TensorTensorTensor_T backward(org.bytedeco.pytorch.Tensor g, org.bytedeco.pytorch.Tensor x, org.bytedeco.pytorch.Tensor w, long[] ones,
      long[] padding, long[] zeros, BoolPointer mask) {
    return torch.convolution_backward(g, x, w, new long[] {outputs}, ones, padding, ones, false, zeros, 1, mask);
  }
}
