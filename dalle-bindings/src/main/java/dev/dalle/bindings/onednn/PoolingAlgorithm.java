package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;

/** What pooling makes of a window. */
public enum PoolingAlgorithm {
  /** The largest; forward for training leaves a workspace that says where it was. */
  MAX(Dnnl.dnnl_pooling_max()),
  /** The mean, padding counted as zeros. */
  AVERAGE_WITH_PADDING(Dnnl.dnnl_pooling_avg_include_padding()),
  /** The mean over what lies inside the image. */
  AVERAGE(Dnnl.dnnl_pooling_avg_exclude_padding());

  private final int code;

  PoolingAlgorithm(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
