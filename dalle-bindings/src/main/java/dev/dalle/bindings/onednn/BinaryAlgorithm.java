package dev.dalle.bindings.onednn;

import dev.dalle.bindings.internal.onednn.Dnnl;

/** Functions of two elements {@code x}, {@code y}. */
public enum BinaryAlgorithm {
  /** {@code x + y}. */
  ADD(Dnnl.dnnl_binary_add()),
  /** {@code x - y}. */
  SUB(Dnnl.dnnl_binary_sub()),
  /** {@code x y}. */
  MUL(Dnnl.dnnl_binary_mul()),
  /** {@code x / y}. */
  DIV(Dnnl.dnnl_binary_div()),
  /** The larger. */
  MAX(Dnnl.dnnl_binary_max()),
  /** The smaller. */
  MIN(Dnnl.dnnl_binary_min()),
  /** 1 if {@code x >= y}, else 0. */
  GE(Dnnl.dnnl_binary_ge()),
  /** 1 if {@code x > y}, else 0. */
  GT(Dnnl.dnnl_binary_gt()),
  /** 1 if {@code x <= y}, else 0. */
  LE(Dnnl.dnnl_binary_le()),
  /** 1 if {@code x < y}, else 0. */
  LT(Dnnl.dnnl_binary_lt()),
  /** 1 if equal, else 0. */
  EQ(Dnnl.dnnl_binary_eq()),
  /** 1 if not equal, else 0. */
  NE(Dnnl.dnnl_binary_ne());

  private final int code;

  BinaryAlgorithm(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
