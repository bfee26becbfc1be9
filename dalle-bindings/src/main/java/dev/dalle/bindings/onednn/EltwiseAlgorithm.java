package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;

/** Functions of one element; {@code a} and {@code b} are the parameters alpha and beta. */
public enum EltwiseAlgorithm {
  /** {@code x > 0 ? x : a x}. */
  RELU(Dnnl.dnnl_eltwise_relu(), false),
  /** Hyperbolic tangent. */
  TANH(Dnnl.dnnl_eltwise_tanh(), false),
  /** {@code x > 0 ? x : a (exp(x) - 1)}. */
  ELU(Dnnl.dnnl_eltwise_elu(), false),
  /** {@code x x}. */
  SQUARE(Dnnl.dnnl_eltwise_square(), false),
  /** Absolute value. */
  ABS(Dnnl.dnnl_eltwise_abs(), false),
  /** Square root. */
  SQRT(Dnnl.dnnl_eltwise_sqrt(), false),
  /** {@code a x + b}. */
  LINEAR(Dnnl.dnnl_eltwise_linear(), false),
  /** {@code log(1 + exp(a x)) / a}. */
  SOFT_RELU(Dnnl.dnnl_eltwise_soft_relu(), false),
  /** {@code 1 / (1 + exp(-x))}. */
  LOGISTIC(Dnnl.dnnl_eltwise_logistic(), false),
  /** Exponential. */
  EXP(Dnnl.dnnl_eltwise_exp(), false),
  /** Gelu by its tanh formula. */
  GELU_TANH(Dnnl.dnnl_eltwise_gelu_tanh(), false),
  /** Gelu by the error function. */
  GELU_ERF(Dnnl.dnnl_eltwise_gelu_erf(), false),
  /** {@code x / (1 + exp(-a x))}. */
  SWISH(Dnnl.dnnl_eltwise_swish(), false),
  /** Natural logarithm. */
  LOG(Dnnl.dnnl_eltwise_log(), false),
  /** {@code min(b, max(a, x))}. */
  CLIP(Dnnl.dnnl_eltwise_clip(), false),
  /** {@code a x^b}. */
  POW(Dnnl.dnnl_eltwise_pow(), false),
  /** {@link #RELU} whose backward reads the output instead of the input; {@code a >= 0}. */
  RELU_FROM_DST(Dnnl.dnnl_eltwise_relu_use_dst_for_bwd(), true),
  /** {@link #TANH} whose backward reads the output. */
  TANH_FROM_DST(Dnnl.dnnl_eltwise_tanh_use_dst_for_bwd(), true),
  /** {@link #SQRT} whose backward reads the output. */
  SQRT_FROM_DST(Dnnl.dnnl_eltwise_sqrt_use_dst_for_bwd(), true),
  /** {@link #LOGISTIC} whose backward reads the output. */
  LOGISTIC_FROM_DST(Dnnl.dnnl_eltwise_logistic_use_dst_for_bwd(), true),
  /** {@link #EXP} whose backward reads the output. */
  EXP_FROM_DST(Dnnl.dnnl_eltwise_exp_use_dst_for_bwd(), true);

  private final int code;
  private final boolean fromDst;

  EltwiseAlgorithm(int code, boolean fromDst) {
    this.code = code;
    this.fromDst = fromDst;
  }

  int code() {
    return code;
  }

  /** Whether backward reads the forward's output instead of its input. */
  public boolean backwardReadsDst() {
    return fromDst;
  }
}
