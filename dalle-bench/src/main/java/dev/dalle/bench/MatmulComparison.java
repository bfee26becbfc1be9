package dev.dalle.bench;

import dev.dalle.bench.MatmulBenchmark.Product;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Products of a linear layer on both sides. */
final class MatmulComparison implements Comparison {
  private final DType dtype;
  private final Product product;
  private final int rows;
  private final int inputs;
  private final int outputs;
  private final float[] x;
  private final float[] weight;
  private final float[] bias;
  private final float[] grad;

  MatmulComparison(String shape, DType dtype, Product product) {
    int[] dims = Dims.parse(shape, 3);
    this.dtype = dtype;
    this.product = product;
    rows = dims[0];
    inputs = dims[1];
    outputs = dims[2];
    x = Inputs.normal(1, 1, (long) rows * inputs);
    weight = Inputs.normal(2, 1 / Math.sqrt(inputs), (long) outputs * inputs);
    bias = Inputs.normal(3, 1, outputs);
    grad = Inputs.normal(4, 1, (long) rows * outputs);
  }

  @Override
  public double tolerance() {
    return Tolerances.of(dtype, product == Product.WEIGHT_GRADIENT ? rows : Math.max(inputs, outputs));
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Ops ops = scope.device().ops();
    Tensor w = Ours.of(scope, dtype, weight, outputs, inputs);
    Tensor in = Ours.of(scope, dtype, x, rows, inputs);
    Tensor g = Ours.of(scope, dtype, grad, rows, outputs);
    return switch (product) {
      case FORWARD -> {
        Tensor b = scope.of(bias, outputs);
        Tensor out = scope.allocate(dtype, rows, outputs);
        yield Ours.of(scope, () -> ops.linear(in, w, b, out), out);
      }
      case INPUT_GRADIENT -> {
        Tensor gradIn = scope.allocate(dtype, rows, inputs);
        yield Ours.of(scope, () -> ops.matmul(g, false, w, false, 1, gradIn, false), gradIn);
      }
      case WEIGHT_GRADIENT -> {
        Tensor gradWeight = scope.allocate(DType.F32, outputs, inputs);
        yield Ours.of(scope, () -> ops.matmul(g, true, in, false, 1, gradWeight, false), gradWeight);
      }
    };
  }

  /**
   * libtorch multiplies BF16 with oneDNN and F32 with OpenBLAS; the F32 layer goes to oneDNN, which is faster, as it takes tensors of oneDNN's own format.
   * Gradients are written into memory that exists, as on our side.
   */
  @Override
  public Formulation libtorch() {
    Torch.prepare();
    org.bytedeco.pytorch.Tensor in = Torch.of(dtype, x, rows, inputs);
    org.bytedeco.pytorch.Tensor w = Torch.of(dtype, weight, outputs, inputs);
    org.bytedeco.pytorch.Tensor g = Torch.of(dtype, grad, rows, outputs);
    return switch (product) {
      case FORWARD -> forward(in, w, Torch.of(dtype, bias, outputs));
      case INPUT_GRADIENT -> {
        org.bytedeco.pytorch.Tensor gradIn = torch.empty_like(in);
        yield Torch.into(() -> torch.mm_out(gradIn, g, w), gradIn);
      }
      case WEIGHT_GRADIENT -> {
        org.bytedeco.pytorch.Tensor gradWeight = torch.empty_like(w);
        org.bytedeco.pytorch.Tensor transposed = g.t();
        yield Torch.into(() -> torch.mm_out(gradWeight, transposed, in), gradWeight);
      }
    };
  }

  private Formulation forward(org.bytedeco.pytorch.Tensor in, org.bytedeco.pytorch.Tensor w, org.bytedeco.pytorch.Tensor b) {
    if (dtype != DType.F32) {
      TensorOptional optional = Torch.optional(b);
      return Torch.returning(() -> List.of(torch.linear(in, w, optional)));
    }
    org.bytedeco.pytorch.Tensor input = in.to_mkldnn();
    org.bytedeco.pytorch.Tensor matrix = w.to_mkldnn();
    TensorOptional optional = Torch.optional(b.to_mkldnn());
    return Torch.of(() -> torch.mkldnn_linear(input, matrix, optional),
        () -> List.of(Torch.floats(torch.mkldnn_linear(input, matrix, optional).to_dense())));
  }
}
