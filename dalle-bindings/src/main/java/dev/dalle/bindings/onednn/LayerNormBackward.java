package dev.dalle.bindings.onednn;

import java.util.List;

/**
 * Gradients of {@link LayerNormForward}. {@code execute(src, diffDst, mean, variance, [scale], diffSrc, [diffScale], [diffShift])}.
 *
 * @param src {@code [..., c]}, forward's input
 * @param diffDst dimensions of {@code src}
 * @param diffSrc dimensions of {@code src}, overwritten
 * @param epsilon as in forward
 * @param scale whether there is a gain; its gradient is written, f32 {@code [c]}
 * @param shift whether there is a shift; its gradient is written, f32 {@code [c]}
 */
public record LayerNormBackward(MemoryDesc src, MemoryDesc diffDst, MemoryDesc diffSrc, float epsilon, boolean scale, boolean shift)
    implements PrimitiveSpec {
  public LayerNormBackward {
    Specs.likeDims("diffDst", diffDst, "src", src);
    Specs.likeDims("diffSrc", diffSrc, "src", src);
    LayerNormForward.check(src, "src", epsilon);
  }

  @Override
  public List<Argument> arguments() {
    MemoryDesc statistics = LayerNormForward.statistics(src);
    MemoryDesc gain = LayerNormForward.vector(scale, src);
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.SRC, src), Argument.in(ArgumentRole.DIFF_DST, diffDst),
        Argument.in(ArgumentRole.MEAN, statistics), Argument.in(ArgumentRole.VARIANCE, statistics),
        Argument.in(ArgumentRole.SCALE, gain), Argument.out(ArgumentRole.DIFF_SRC, diffSrc),
        Argument.out(ArgumentRole.DIFF_SCALE, gain), Argument.out(ArgumentRole.DIFF_SHIFT, LayerNormForward.vector(shift, src)));
  }
}
