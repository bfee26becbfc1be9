package dev.dalle.bench;

import org.openjdk.jmh.annotations.Param;

/** One update of AdamW over all parameters. */
public class AdamWBenchmark extends SideBySide {
  /** Parameters x elements of each: one large one, and many of a small model's size. */
  @Param({"1x4194304", "128x8192"})
  public String shape;

  /** What is kept how. */
  @Param({"F32", "MOMENTS_16", "BF16_STOCHASTIC"})
  public AdamWState state;

  @Override
  protected Comparison comparison() {
    return new AdamWComparison(shape, state);
  }
}
