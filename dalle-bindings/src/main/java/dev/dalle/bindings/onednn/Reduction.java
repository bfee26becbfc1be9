package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * Many numbers made into one along the dimensions in which {@code dst} has 1. {@code execute(src, dst, [operands of
 * post-operations])}.
 *
 * @param algorithm how
 * @param src any dimensions
 * @param dst as many dimensions, each like that of {@code src} or 1
 * @param attributes post-operations
 */
public record Reduction(ReductionAlgorithm algorithm, MemoryDesc src, MemoryDesc dst, Attributes attributes) implements PrimitiveSpec {
  public Reduction {
    Objects.requireNonNull(algorithm, "algorithm");
    Specs.present("src", src);
    Specs.numDims("dst", dst, src.numDims());
    for (int i = 0; i < src.numDims(); i++) {
      if (dst.dim(i) != 1 && dst.dim(i) != src.dim(i)) {
        throw new IllegalArgumentException("dst: expected dimension " + i + " to be 1 or like src " + src + ", got " + dst);
      }
    }
    Objects.requireNonNull(attributes, "attributes");
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.SRC, src), Argument.out(ArgumentRole.DST, dst));
  }
}
