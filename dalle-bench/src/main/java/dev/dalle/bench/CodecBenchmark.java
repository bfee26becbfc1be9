package dev.dalle.bench;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/**
 * Pictures of 256 x 256 and their tokens by the published networks in their full width: a forward pass of the encoder and the most probable code of each position,
 * or one of the decoder behind its table of codes.
 */
public class CodecBenchmark extends SideBySide {
  /** Which way. */
  @Param({"ENCODE", "DECODE"})
  public Direction direction;

  /** Pictures at a time. */
  @Param({"1", "8"})
  public int batch;

  /** Type of the convolutions; that at the code is in F32. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Which ways there are. */
  public enum Direction {
    /** Pictures to the most probable codes. */
    ENCODE,
    /** Codes to pictures. */
    DECODE
  }

  @Override
  protected Comparison comparison() {
    return new CodecComparison(direction, DvaeConfig.paper(), batch, dtype);
  }
}
