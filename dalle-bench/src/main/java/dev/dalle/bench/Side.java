package dev.dalle.bench;

/** Whose computation is measured. */
public enum Side {
  /** This suite's, through its public API. */
  OURS,
  /** libtorch's, through its Java presets. */
  LIBTORCH
}
