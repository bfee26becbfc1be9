package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How an operation is done, beyond what it computes.
 *
 * @param postOps what happens to results before they are stored, in order
 * @param math the precision of products of 32-bit floats
 */
public record Attributes(List<PostOp> postOps, FloatMath math) {
  /** No post-operations, strict arithmetic. */
  public static final Attributes NONE = new Attributes(List.of(), FloatMath.STRICT);

  /** oneDNN's limit on post-operations. */
  public static final int MAX_POST_OPS = 32;

  public Attributes {
    postOps = List.copyOf(postOps);
    Objects.requireNonNull(math, "math");
    if (postOps.size() > MAX_POST_OPS) {
      throw new IllegalArgumentException("postOps: expected at most " + MAX_POST_OPS + ", got " + postOps.size());
    }
  }

  /** The precision in which products of 32-bit floats may be computed. */
  public enum FloatMath {
    /** As given. */
    STRICT(Dnnl.dnnl_fpmath_mode_strict()),
    /** Rounded to bf16 where that is faster; never a default. */
    BF16(Dnnl.dnnl_fpmath_mode_bf16());

    private final int code;

    FloatMath(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /** Strict arithmetic with post-operations. */
  public static Attributes of(PostOp... postOps) {
    return new Attributes(List.of(postOps), FloatMath.STRICT);
  }

  /** These post-operations with another precision. */
  public Attributes withMath(FloatMath math) {
    return new Attributes(postOps, math);
  }

  /** The operands of binary post-operations. */
  List<Argument> operands() {
    List<Argument> operands = new ArrayList<>();
    for (int i = 0; i < postOps.size(); i++) {
      if (postOps.get(i) instanceof PostOp.Binary binary) {
        operands.add(new Argument(ArgumentRole.POST_OP, i, binary.operand(), false));
      }
    }
    return operands;
  }
}
