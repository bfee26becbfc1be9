package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * {@code dst = f(src)} element by element. {@code execute(src, dst)}; the two may be the same memory.
 *
 * @param algorithm the function
 * @param alpha its first parameter
 * @param beta its second parameter
 * @param src any dimensions
 * @param dst dimensions of {@code src}
 */
public record EltwiseForward(EltwiseAlgorithm algorithm, float alpha, float beta, MemoryDesc src, MemoryDesc dst) implements PrimitiveSpec {
  public EltwiseForward {
    Objects.requireNonNull(algorithm, "algorithm");
    Specs.likeDims("dst", dst, "src", src);
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.SRC, src), Argument.out(ArgumentRole.DST, dst));
  }
}
