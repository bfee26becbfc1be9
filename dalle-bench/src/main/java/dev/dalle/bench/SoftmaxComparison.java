package dev.dalle.bench;

import dev.dalle.bench.SoftmaxBenchmark.Function;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Softmax and cross entropy on both sides. */
final class SoftmaxComparison implements Comparison {
  private final DType dtype;
  private final Function function;
  private final int rows;
  private final int classes;
  private final float[] logits;
  private final float[] grad;
  private final int[] targets;

  SoftmaxComparison(String shape, DType dtype, Function function) {
    int[] dims = Dims.parse(shape, 2);
    this.dtype = dtype;
    this.function = function;
    rows = dims[0];
    classes = dims[1];
    logits = Inputs.normal(1, 2, (long) rows * classes);
    grad = Inputs.normal(2, 1, (long) rows * classes);
    targets = Inputs.integers(3, classes, rows);
  }

  @Override
  public double tolerance() {
    return Tolerances.of(dtype, classes);
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    Ops ops = scope.device().ops();
    Tensor in = Ours.of(scope, dtype, logits, rows, classes);
    Tensor out = scope.allocate(dtype, rows, classes);
    return switch (function) {
      case SOFTMAX -> Ours.of(scope, () -> ops.softmax(in, out), out);
      case GRADIENT -> {
        ops.softmax(in, out);
        Tensor g = Ours.of(scope, dtype, grad, rows, classes);
        Tensor gradIn = scope.allocate(dtype, rows, classes);
        yield Ours.of(scope, () -> ops.softmaxGradient(out, g, gradIn), gradIn);
      }
      case CROSS_ENTROPY -> {
        Tensor target = scope.of(targets, rows);
        float[] share = new float[rows];
        Arrays.fill(share, 1f / rows);
        Tensor weights = scope.of(share, rows);
        Tensor losses = scope.allocate(DType.F32, rows);
        Tensor mean = scope.allocate(DType.F32, 1);
        yield Ours.of(scope, () -> {
          ops.crossEntropy(in, target, losses);
          ops.sum(losses, mean, false);
          ops.scale(mean, 1.0 / rows, mean);
          ops.crossEntropyGradient(in, target, weights, out);
        }, mean, out);
      }
    };
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    org.bytedeco.pytorch.Tensor in = Torch.of(dtype, logits, rows, classes);
    org.bytedeco.pytorch.Tensor out = torch.softmax(in, -1);
    return switch (function) {
      case SOFTMAX -> Torch.into(() -> torch.softmax_out(out, in, -1), out);
      case GRADIENT -> {
        Script script = new Script("softmax_gradient", """
            def softmax_gradient(grad: Tensor, out: Tensor) -> Tensor:
              return torch._softmax_backward_data(grad, out, -1, out.dtype)
            """);
        org.bytedeco.pytorch.Tensor g = Torch.of(dtype, grad, rows, classes);
        yield Torch.returning(() -> List.of(script.call(new IValue(g), new IValue(out)).toTensor()));
      }
      case CROSS_ENTROPY -> {
        org.bytedeco.pytorch.Tensor leaf = in.set_requires_grad(true);
        org.bytedeco.pytorch.Tensor target = Torch.of(targets, rows);
        yield Torch.returning(() -> crossEntropy(leaf, target));
      }
    };
  }

  private static List<org.bytedeco.pytorch.Tensor> crossEntropy(org.bytedeco.pytorch.Tensor leaf, org.bytedeco.pytorch.Tensor target) {
    try (AutoGradMode recording = new AutoGradMode(true)) {
      org.bytedeco.pytorch.Tensor loss = torch.cross_entropy_loss(leaf, target);
      TensorVector gradients = torch.grad(new TensorVector(loss), new TensorVector(leaf));
      return List.of(loss, gradients.get(0));
    }
  }
}
