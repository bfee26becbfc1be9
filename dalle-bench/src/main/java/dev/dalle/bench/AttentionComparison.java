package dev.dalle.bench;

import dev.dalle.attention.AttentionOps;
import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Masked attention of packed queries, keys and values on both sides. */
final class AttentionComparison implements Comparison {
  private final AttentionPattern pattern;
  private final int batch;
  private final int heads;
  private final int depth;
  private final DType dtype;
  private final boolean gradient;
  private final AttentionForm form;
  private final float[] qkv;
  private final float[] grad;

  AttentionComparison(AttentionPattern pattern, int batch, int heads, int depth, DType dtype, boolean gradient, AttentionForm form) {
    this.pattern = pattern;
    this.batch = batch;
    this.heads = heads;
    this.depth = depth;
    this.dtype = dtype;
    this.gradient = gradient;
    this.form = form;
    long states = (long) batch * pattern.length();
    qkv = Inputs.normal(1, 1, states * 3 * heads * depth);
    grad = Inputs.normal(2, 1, states * heads * depth);
  }

  /** In BF16 libtorch rounds scores, probabilities and their gradients too. */
  @Override
  public double tolerance() {
    return Tolerances.of(dtype, pattern.length()) * (dtype == DType.BF16 ? 2 : 1);
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    AttentionOps ops = scope.device().operations(AttentionOps.class);
    Tensor in = Ours.of(scope, dtype, qkv, batch, pattern.length(), 3, heads, depth);
    Tensor out = scope.allocate(dtype, batch, pattern.length(), (long) heads * depth);
    Tensor logSumExp = scope.allocate(DType.F32, batch, heads, pattern.length());
    if (!gradient) {
      return Ours.of(scope, () -> ops.forward(in, pattern, out, logSumExp), out);
    }
    Tensor g = Ours.of(scope, dtype, grad, batch, pattern.length(), (long) heads * depth);
    Tensor gradIn = scope.allocate(dtype, in.shape());
    return Ours.of(scope, () -> {
      ops.forward(in, pattern, out, logSumExp);
      ops.backward(in, pattern, out, logSumExp, g, gradIn);
    }, out, gradIn);
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    int length = pattern.length();
    org.bytedeco.pytorch.Tensor in = Torch.of(dtype, qkv, batch, length, 3, heads, depth);
    org.bytedeco.pytorch.Tensor mask = TorchTransformer.mask(pattern, dtype);
    if (!gradient) {
      return Torch.returning(() -> List.of(form.attention(in, mask)));
    }
    org.bytedeco.pytorch.Tensor g = Torch.of(dtype, grad, batch, length, (long) heads * depth);
    org.bytedeco.pytorch.Tensor leaf = in.set_requires_grad(true);
    return Torch.returning(() -> {
      try (AutoGradMode recording = new AutoGradMode(true)) {
        org.bytedeco.pytorch.Tensor out = form.attention(leaf, mask);
        TensorVector gradients = torch.grad(new TensorVector(out), new TensorVector(leaf), new TensorVector(g), null, false, false);
        return List.of(out, gradients.get(0));
      }
    });
  }
}
