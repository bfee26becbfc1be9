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
    return attention(parts.select(0, 0), parts.select(0, 1), parts.select(0, 2), mask);
  }

  /**
   * The same from three tensors {@code [B, H, S, D]}, of which keys and values may have more states than the queries.
   *
   * @return {@code [B, S, H * D]}
   */
  Tensor attention(Tensor q, Tensor k, Tensor v, Tensor mask) {
    double scale = 1 / Math.sqrt(q.size(3));
    Tensor out = switch (this) {
      case FUSED -> torch.scaled_dot_product_attention(q, k, v, new TensorOptional(mask), 0, false, new DoubleOptional(scale), false);
      case PRODUCTS -> torch.matmul(torch.softmax(torch.matmul(q.mul(new Scalar(scale)), k.transpose(2, 3)).add_(mask), -1), v);
    };
    return out.transpose(1, 2).reshape(q.size(0), q.size(2), q.size(1) * q.size(3));
  }
}
