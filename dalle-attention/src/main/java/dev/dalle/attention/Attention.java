package dev.dalle.attention;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/** Attention as one operation on a tape. */
public final class Attention {
  private Attention() {}

  /**
   * {@link AttentionOps#forward}, with its gradient.
   *
   * @param qkv {@code [B, S, 3, H, D]}, F32, F16 or BF16
   * @return {@code [B, S, H * D]}, the type of {@code qkv}, in the tape's scope
   */
  public static Tensor attend(Tape tape, Tensor qkv, AttentionPattern pattern) {
    AttentionOps attention = tape.device().operations(AttentionOps.class);
    Tensor out = tape.scope().allocate(qkv.dtype(), qkv.dim(0), qkv.dim(1), qkv.dim(3) * qkv.dim(4));
    Tensor logSumExp = tape.scope().allocate(DType.F32, qkv.dim(0), qkv.dim(3), qkv.dim(1));
    attention.forward(qkv, pattern, out, logSumExp);
    return tape.recordIfNeeded(out, gradOut -> {
      Tensor gradQkv = tape.scope().allocate(qkv.dtype(), qkv.shape());
      attention.backward(qkv, pattern, out, logSumExp, gradOut, gradQkv);
      tape.accumulate(qkv, gradQkv);
    }, qkv);
  }
}
