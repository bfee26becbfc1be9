package dev.dalle.bindings.onednn;

import java.util.List;

/**
 * Images in another size, each element taken from the nearest one. {@code execute(src, dst)}.
 *
 * @param src {@code [n, c, h, w]}
 * @param dst {@code [n, c, oh, ow]}
 */
public record ResamplingForward(MemoryDesc src, MemoryDesc dst) implements PrimitiveSpec {
  public ResamplingForward {
    checkShapes(src, "src", dst, "dst");
  }

  static void checkShapes(MemoryDesc src, String srcName, MemoryDesc dst, String dstName) {
    Specs.numDims(srcName, src, 4);
    Specs.numDims(dstName, dst, 4);
    Specs.dims(dstName, dst, "like " + srcName + " " + src + " in the first two", src.dim(0), src.dim(1), dst.dim(2), dst.dim(3));
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(Attributes.NONE, Argument.in(ArgumentRole.SRC, src), Argument.out(ArgumentRole.DST, dst));
  }
}
