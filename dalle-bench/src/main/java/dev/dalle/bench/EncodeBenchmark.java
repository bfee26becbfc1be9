package dev.dalle.bench;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Tokens of pictures of 256 x 256 by the published network in its full width: a forward pass of the encoder and the most probable code of each position. */
public class EncodeBenchmark extends SideBySide {
  /** Pictures at a time. */
  @Param({"1", "8"})
  public int batch;

  /** Type of the convolutions; that at the code is in F32. */
  @Param({"F32", "BF16"})
  public DType dtype;

  @Override
  protected Comparison comparison() {
    return new CodecComparison(CodecComparison.Direction.ENCODE, DvaeConfig.paper(), batch, dtype);
  }
}
