package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * Pooling of images. {@code execute(src, dst, [workspace])}; the workspace belongs to {@link PoolingAlgorithm#MAX} for training,
 * and its size is found in {@link Primitive#argument}.
 *
 * @param algorithm what is made of a window
 * @param src {@code [n, c, h, w]}
 * @param dst {@code [n, c, oh, ow]}
 * @param window size, stride, padding, dilation
 * @param training whether a backward pass will follow
 * @param attributes post-operations
 */
public record PoolingForward(PoolingAlgorithm algorithm, MemoryDesc src, MemoryDesc dst, Window window, boolean training, Attributes attributes)
    implements PrimitiveSpec {
  public PoolingForward {
    Objects.requireNonNull(algorithm, "algorithm");
    Objects.requireNonNull(attributes, "attributes");
    checkShapes(src, "src", dst, "dst", window);
  }

  static void checkShapes(MemoryDesc src, String srcName, MemoryDesc dst, String dstName, Window window) {
    Specs.numDims(srcName, src, 4);
    Specs.dims(dstName, dst, "for " + srcName + " " + src + " and the window",
        src.dim(0), src.dim(1), window.outputH(src.dim(2)), window.outputW(src.dim(3)));
  }

  /** What forward leaves for backward: oneDNN says how it lies. */
  static MemoryDesc workspace(PoolingAlgorithm algorithm, boolean training, MemoryDesc dst) {
    return algorithm == PoolingAlgorithm.MAX && training ? MemoryDesc.any(DataType.U8, dst.dims()) : MemoryDesc.NONE;
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.SRC, src), Argument.out(ArgumentRole.DST, dst),
        Argument.out(ArgumentRole.WORKSPACE, workspace(algorithm, training, dst)));
  }
}
