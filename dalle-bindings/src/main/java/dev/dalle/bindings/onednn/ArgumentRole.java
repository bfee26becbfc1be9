package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;

/** What a memory argument is to a primitive. */
public enum ArgumentRole {
  /** The input, or the first of two. */
  SRC(Dnnl.DNNL_ARG_SRC_0()),
  /** The second of two inputs. */
  SRC_1(Dnnl.DNNL_ARG_SRC_1()),
  /** Weights, or the right-hand matrix. */
  WEIGHTS(Dnnl.DNNL_ARG_WEIGHTS()),
  /** Bias. */
  BIAS(Dnnl.DNNL_ARG_BIAS()),
  /** The output, or the output kept for a backward pass. */
  DST(Dnnl.DNNL_ARG_DST()),
  /** Means of a normalisation. */
  MEAN(Dnnl.DNNL_ARG_MEAN()),
  /** Variances of a normalisation. */
  VARIANCE(Dnnl.DNNL_ARG_VARIANCE()),
  /** Gain of a normalisation. */
  SCALE(Dnnl.DNNL_ARG_SCALE()),
  /** Shift of a normalisation. */
  SHIFT(Dnnl.DNNL_ARG_SHIFT()),
  /** What forward leaves for backward. */
  WORKSPACE(Dnnl.DNNL_ARG_WORKSPACE()),
  /** Gradient of the input. */
  DIFF_SRC(Dnnl.DNNL_ARG_DIFF_SRC()),
  /** Gradient of the output. */
  DIFF_DST(Dnnl.DNNL_ARG_DIFF_DST()),
  /** Gradient of the weights. */
  DIFF_WEIGHTS(Dnnl.DNNL_ARG_DIFF_WEIGHTS()),
  /** Gradient of the bias. */
  DIFF_BIAS(Dnnl.DNNL_ARG_DIFF_BIAS()),
  /** Gradient of the gain; its code does not follow the pattern of the others. */
  DIFF_SCALE(Dnnl.DNNL_ARG_DIFF_SCALE()),
  /** Gradient of the shift; its code does not follow the pattern of the others. */
  DIFF_SHIFT(Dnnl.DNNL_ARG_DIFF_SHIFT()),
  /** The operand of the first post-operation; see {@link Argument#postOp()} for later ones. */
  POST_OP(Dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE() | Dnnl.DNNL_ARG_SRC_1());

  private final int code;

  ArgumentRole(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
