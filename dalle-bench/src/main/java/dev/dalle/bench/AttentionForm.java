package dev.dalle.bench;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** How libtorch computes attention; which is faster depends on type, length and processor. */
enum AttentionForm {
  /** Its scaled dot product attention. */
  FUSED,
  /** Two batched products with a softmax between them, in the type of the queries. */
  PRODUCTS;

  /**
   * Attention of each head, the heads side by side.
   *
   * @param packed {@code [B, S, 3, H, D]}
   * @param mask what is added to the scores
   * @return {@code [B, S, H * D]}
   */
  Tensor attention(Tensor packed, Tensor mask) {
    Tensor parts = packed.permute(2, 0, 3, 1, 4);
    Tensor q = parts.select(0, 0);
    Tensor k = parts.select(0, 1);
    Tensor v = parts.select(0, 2);
    double scale = 1 / Math.sqrt(packed.size(4));
    Tensor out = switch (this) {
      case FUSED -> torch.scaled_dot_product_attention(q, k, v, new TensorOptional(mask), 0, false, new DoubleOptional(scale), false);
      case PRODUCTS -> torch.matmul(torch.softmax(torch.matmul(q.mul(new Scalar(scale)), k.transpose(2, 3)).add_(mask), -1), v);
    };
    return out.transpose(1, 2).reshape(packed.size(0), packed.size(1), packed.size(3) * packed.size(4));
  }
}
