package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;
import java.util.Objects;

/**
 * One memory argument of a primitive.
 *
 * @param role what it is
 * @param postOp for {@link ArgumentRole#POST_OP} the number of the post-operation, else 0
 * @param desc how it lies in memory
 * @param output whether the primitive writes it
 */
public record Argument(ArgumentRole role, int postOp, MemoryDesc desc, boolean output) {
  public Argument {
    Objects.requireNonNull(role, "role");
    Objects.requireNonNull(desc, "desc");
    if (postOp < 0) {
      throw new IllegalArgumentException("postOp: expected at least 0, got " + postOp);
    }
  }

  static Argument in(ArgumentRole role, MemoryDesc desc) {
    return new Argument(role, 0, desc, false);
  }

  static Argument out(ArgumentRole role, MemoryDesc desc) {
    return new Argument(role, 0, desc, true);
  }

  Argument resolved(MemoryDesc found) {
    return new Argument(role, postOp, found, output);
  }

  /** The number by which oneDNN knows the argument. */
  int code() {
    return role == ArgumentRole.POST_OP
        ? Dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE() * (postOp + 1) | Dnnl.DNNL_ARG_SRC_1()
        : role.code();
  }

  @Override
  public String toString() {
    return role.name() + (role == ArgumentRole.POST_OP ? "[" + postOp + "]" : "") + " " + desc;
  }
}
