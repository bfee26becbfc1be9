package dev.dalle.bench;

import org.openjdk.jmh.annotations.Param;

/** One update of AdamW over all parameters, F32. */
public class AdamWBenchmark extends SideBySide {
  /** Parameters x elements of each: one large one, and many of a small model's size. */
  @Param({"1x4194304", "128x8192"})
  public String shape;

  @Override
  protected Comparison comparison() {
    return new AdamWComparison(shape);
  }
}
