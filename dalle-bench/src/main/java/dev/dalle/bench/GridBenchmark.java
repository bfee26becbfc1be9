package dev.dalle.bench;

import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Halving and doubling of image grids, with their gradients, as between the groups of the discrete VAE. */
public class GridBenchmark extends SideBySide {
  /** Batch x height x width x channels of the larger grid. */
  @Param({"16x64x64x32", "16x16x16x128"})
  public String shape;

  /** Type of all tensors. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Which way. */
  @Param({"MAX_POOL", "UPSAMPLE"})
  public Resizing resizing;

  /** Whether the gradient is computed rather than the function. */
  @Param({"false", "true"})
  public boolean gradient;

  /** Ways between a grid and one of half its side. */
  public enum Resizing {
    /** The greatest of each 2 x 2 window. */
    MAX_POOL,
    /** Each cell four times. */
    UPSAMPLE
  }

  @Override
  protected Comparison comparison() {
    return new GridComparison(shape, dtype, resizing, gradient);
  }
}
