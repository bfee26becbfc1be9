package dev.dalle.bindings.onednn;

import java.util.List;

/**
 * Gradient of {@link SoftmaxForward}. {@code execute(dst, diffDst, diffSrc)}; the last two may be the same memory.
 * A bf16 {@code dst} needs a bf16 {@code diffDst}: oneDNN has no mixture. Below {@link CpuIsa#AVX512_CORE} oneDNN has only its slow
 * reference code for this.
 *
 * @param dst forward's output, any dimensions
 * @param diffDst dimensions of {@code dst}
 * @param diffSrc dimensions of {@code dst}, overwritten
 * @param axis the dimension, from 0
 * @param logarithm whether forward gave the logarithm
 */
public record SoftmaxBackward(MemoryDesc dst, MemoryDesc diffDst, MemoryDesc diffSrc, int axis, boolean logarithm) implements PrimitiveSpec {
  public SoftmaxBackward {
    Specs.likeDims("diffDst", diffDst, "dst", dst);
    Specs.likeDims("diffSrc", diffSrc, "dst", dst);
    SoftmaxForward.checkAxis(axis, dst);
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.DST, dst), Argument.in(ArgumentRole.DIFF_DST, diffDst),
        Argument.out(ArgumentRole.DIFF_SRC, diffSrc));
  }
}
