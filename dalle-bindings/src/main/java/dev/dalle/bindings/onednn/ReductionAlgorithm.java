package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;

/** Ways to make one number of many. */
public enum ReductionAlgorithm {
  /** The largest. */
  MAX(Dnnl.dnnl_reduction_max()),
  /** The smallest. */
  MIN(Dnnl.dnnl_reduction_min()),
  /** The sum. */
  SUM(Dnnl.dnnl_reduction_sum()),
  /** The product. */
  MUL(Dnnl.dnnl_reduction_mul()),
  /** The mean. */
  MEAN(Dnnl.dnnl_reduction_mean());

  private final int code;

  ReductionAlgorithm(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
