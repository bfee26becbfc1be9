package dev.dalle.bench;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Pictures of 256 x 256 of their tokens by the published network in its full width: a forward pass of the decoder behind its table of codes. */
public class DecodeBenchmark extends SideBySide {
  /** Pictures at a time. */
  @Param({"1", "8"})
  public int batch;

  /** Type of the convolutions; that at the code is in F32. */
  @Param({"F32", "BF16"})
  public DType dtype;

  @Override
  protected Comparison comparison() {
    return new CodecComparison(CodecComparison.Direction.DECODE, DvaeConfig.paper(), batch, dtype);
  }
}
