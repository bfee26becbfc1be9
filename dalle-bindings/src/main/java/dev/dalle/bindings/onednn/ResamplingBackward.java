package dev.dalle.bindings.onednn;

import java.util.List;

/**
 * Gradient of {@link ResamplingForward}. {@code execute(diffDst, diffSrc)}.
 *
 * @param diffSrc {@code [n, c, h, w]}, overwritten
 * @param diffDst {@code [n, c, oh, ow]}
 */
public record ResamplingBackward(MemoryDesc diffSrc, MemoryDesc diffDst) implements PrimitiveSpec {
  public ResamplingBackward {
    ResamplingForward.checkShapes(diffSrc, "diffSrc", diffDst, "diffDst");
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.DIFF_DST, diffDst), Argument.out(ArgumentRole.DIFF_SRC, diffSrc));
  }
}
