package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * Gradient of pooling. {@code execute(diffDst, [workspace], diffSrc)}, the workspace as forward left it.
 *
 * @param algorithm what was made of a window
 * @param diffSrc {@code [n, c, h, w]}, overwritten
 * @param diffDst {@code [n, c, oh, ow]}
 * @param window size, stride, padding, dilation
 */
public record PoolingBackward(PoolingAlgorithm algorithm, MemoryDesc diffSrc, MemoryDesc diffDst, Window window) implements PrimitiveSpec {
  public PoolingBackward {
    Objects.requireNonNull(algorithm, "algorithm");
    PoolingForward.checkShapes(diffSrc, "diffSrc", diffDst, "diffDst", window);
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.DIFF_DST, diffDst),
        Argument.in(ArgumentRole.WORKSPACE, PoolingForward.workspace(algorithm, true, diffDst)),
        Argument.out(ArgumentRole.DIFF_SRC, diffSrc));
  }
}
