package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * {@code dst = postOps(src weights + bias)}. Transposed factors and views are expressed by strides.
 * {@code execute(src, weights, [bias], dst, [operands of post-operations])}.
 *
 * @param src {@code [..., m, k]}
 * @param weights {@code [..., k, n]}; the layout may be {@link MemoryDesc#any any}
 * @param bias {@link MemoryDesc#NONE}, or as many dimensions as {@code dst}, each like its or 1
 * @param dst {@code [..., m, n]}; leading dimensions of the factors are equal to its or 1
 * @param attributes post-operations and precision
 */
public record Matmul(MemoryDesc src, MemoryDesc weights, MemoryDesc bias, MemoryDesc dst, Attributes attributes) implements PrimitiveSpec {
  public Matmul {
    Specs.present("dst", dst);
    if (dst.numDims() < 2) {
      throw new IllegalArgumentException("dst: expected at least 2 dimensions, got " + dst);
    }
    Specs.numDims("src", src, dst.numDims());
    Specs.numDims("weights", weights, dst.numDims());
    if (src.dim(-2) != dst.dim(-2) || weights.dim(-1) != dst.dim(-1) || src.dim(-1) != weights.dim(-2)) {
      throw new IllegalArgumentException("src, weights, dst: expected [m, k], [k, n], [m, n], got " + src + ", " + weights + ", " + dst);
    }
    for (int i = 0; i < dst.numDims() - 2; i++) {
      broadcast("src", src, dst, i);
      broadcast("weights", weights, dst, i);
    }
    if (!bias.isNone()) {
      Specs.numDims("bias", bias, dst.numDims());
      for (int i = 0; i < dst.numDims(); i++) {
        broadcast("bias", bias, dst, i);
      }
    }
    Objects.requireNonNull(attributes, "attributes");
  }

  private static void broadcast(String name, MemoryDesc desc, MemoryDesc dst, int index) {
    if (desc.dim(index) != 1 && desc.dim(index) != dst.dim(index)) {
      throw new IllegalArgumentException(name + ": expected dimension " + index + " to be 1 or like dst " + dst + ", got " + desc);
    }
  }

  /** A product without bias and post-operations. */
  public static Matmul of(MemoryDesc src, MemoryDesc weights, MemoryDesc dst) {
    return new Matmul(src, weights, MemoryDesc.NONE, dst, Attributes.NONE);
  }

  /** The same product with a bias. */
  public Matmul withBias(MemoryDesc bias) {
    return new Matmul(src, weights, bias, dst, attributes);
  }

  /** The same product with other attributes. */
  public Matmul with(Attributes attributes) {
    return new Matmul(src, weights, bias, dst, attributes);
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.SRC, src), Argument.in(ArgumentRole.WEIGHTS, weights),
        Argument.in(ArgumentRole.BIAS, bias), Argument.out(ArgumentRole.DST, dst));
  }
}
