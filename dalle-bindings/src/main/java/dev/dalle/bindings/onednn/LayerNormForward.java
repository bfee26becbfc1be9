package dev.dalle.bindings.onednn;

import java.util.Arrays;
import java.util.List;

/**
 * Normalisation over the last dimension, then gain and shift:
 * {@code dst = (src - mean) / sqrt(variance + epsilon) * scale + shift}, the variance being the mean of squared deviations.
 * For training {@code execute(src, [scale], [shift], dst, mean, variance)}, else without the last two.
 *
 * @param src {@code [..., c]}
 * @param dst dimensions of {@code src}
 * @param epsilon added to the variance
 * @param scale whether there is a gain, f32 {@code [c]}
 * @param shift whether there is a shift, f32 {@code [c]}
 * @param training whether a backward pass will follow; mean and variance are then written, f32, dimensions of {@code src}
 *     without the last
 */
public record LayerNormForward(MemoryDesc src, MemoryDesc dst, float epsilon, boolean scale, boolean shift, boolean training)
    implements PrimitiveSpec {
  public LayerNormForward {
    Specs.likeDims("dst", dst, "src", src);
    check(src, "src", epsilon);
  }

  static void check(MemoryDesc src, String name, float epsilon) {
    if (src.numDims() < 2) {
      throw new IllegalArgumentException(name + ": expected at least 2 dimensions, got " + src);
    }
    if (!(epsilon >= 0)) {
      throw new IllegalArgumentException("epsilon: expected at least 0, got " + epsilon);
    }
  }

  static MemoryDesc statistics(MemoryDesc src) {
    return MemoryDesc.of(DataType.F32, Arrays.copyOf(src.dims(), src.numDims() - 1));
  }

  static MemoryDesc vector(boolean present, MemoryDesc src) {
    return present ? MemoryDesc.of(DataType.F32, src.dim(-1)) : MemoryDesc.NONE;
  }

  @Override
  public List<Argument> arguments() {
    MemoryDesc statistics = training ? statistics(src) : MemoryDesc.NONE;
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.SRC, src), Argument.in(ArgumentRole.SCALE, vector(scale, src)),
        Argument.in(ArgumentRole.SHIFT, vector(shift, src)), Argument.out(ArgumentRole.DST, dst),
        Argument.out(ArgumentRole.MEAN, statistics), Argument.out(ArgumentRole.VARIANCE, statistics));
  }
}
