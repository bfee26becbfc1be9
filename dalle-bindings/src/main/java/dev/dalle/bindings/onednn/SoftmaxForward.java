package dev.dalle.bindings.onednn;

import java.util.List;

/**
 * Softmax along one dimension, or its logarithm. {@code execute(src, dst)}; the two may be the same memory.
 *
 * @param src any dimensions
 * @param dst dimensions of {@code src}
 * @param axis the dimension, from 0
 * @param logarithm whether the logarithm is wanted
 */
public record SoftmaxForward(MemoryDesc src, MemoryDesc dst, int axis, boolean logarithm) implements PrimitiveSpec {
  public SoftmaxForward {
    Specs.likeDims("dst", dst, "src", src);
    checkAxis(axis, src);
  }

  static void checkAxis(int axis, MemoryDesc desc) {
    if (axis < 0 || axis >= desc.numDims()) {
      throw new IllegalArgumentException("axis: expected 0 to " + (desc.numDims() - 1) + ", got " + axis + " for " + desc);
    }
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.SRC, src), Argument.out(ArgumentRole.DST, dst));
  }
}
