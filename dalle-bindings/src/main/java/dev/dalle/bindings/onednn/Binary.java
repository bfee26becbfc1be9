package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * {@code dst = postOps(f(src0, src1))} element by element. {@code execute(src0, src1, dst, [operands of post-operations])};
 * {@code dst} and {@code src0} may be the same memory. On strided views oneDNN falls back to its slow reference.
 *
 * @param algorithm the function
 * @param src0 dimensions of {@code dst}
 * @param src1 dimensions of {@code dst}, or 1 where it is repeated
 * @param dst any dimensions
 * @param attributes post-operations
 */
public record Binary(BinaryAlgorithm algorithm, MemoryDesc src0, MemoryDesc src1, MemoryDesc dst, Attributes attributes)
    implements PrimitiveSpec {
  public Binary {
    Objects.requireNonNull(algorithm, "algorithm");
    Specs.likeDims("src0", src0, "dst", dst);
    Specs.numDims("src1", src1, dst.numDims());
    for (int i = 0; i < dst.numDims(); i++) {
      if (src1.dim(i) != 1 && src1.dim(i) != dst.dim(i)) {
        throw new IllegalArgumentException("src1: expected dimension " + i + " to be 1 or like dst " + dst + ", got " + src1);
      }
    }
    Objects.requireNonNull(attributes, "attributes");
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.SRC, src0), Argument.in(ArgumentRole.SRC_1, src1),
        Argument.out(ArgumentRole.DST, dst));
  }
}
