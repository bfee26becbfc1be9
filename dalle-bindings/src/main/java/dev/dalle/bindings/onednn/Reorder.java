package dev.dalle.bindings.onednn;

import java.util.List;
import java.util.Objects;

/**
 * A copy into another layout or element type. {@code execute(src, dst, [operands of post-operations])}.
 *
 * @param src any dimensions
 * @param dst dimensions of {@code src}; the layout may be one that a primitive chose
 * @param attributes post-operations; oneDNN knows only {@link PostOp.Sum} here
 */
public record Reorder(MemoryDesc src, MemoryDesc dst, Attributes attributes) implements PrimitiveSpec {
  public Reorder {
    Specs.likeDims("dst", dst, "src", src);
    Objects.requireNonNull(attributes, "attributes");
    if (src.isAny() || dst.isAny()) {
      throw new IllegalArgumentException("src, dst: expected fixed layouts, got " + src + ", " + dst);
    }
  }

  /** A copy without post-operations. */
  public static Reorder of(MemoryDesc src, MemoryDesc dst) {
    return new Reorder(src, dst, Attributes.NONE);
  }

  @Override
  public List<Argument> arguments() {
    return Specs.list(attributes, Argument.in(ArgumentRole.SRC, src), Argument.out(ArgumentRole.DST, dst));
  }
}
