package dev.dalle.bench;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.DType;
import java.util.OptionalDouble;
import org.openjdk.jmh.annotations.Param;

/** One update of stage one: forwards, backwards, clipping, AdamW, moving average. */
public class DvaeStepBenchmark extends SideBySide {
  /** Which model. */
  @Param({"SMALL", "WIDE", "QUARTER"})
  public Model model;

  /** Type of the convolutions. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Models; the first two have the trainer's starting values for short runs. */
  public enum Model {
    /** 64 x 64 pixels, 8 x 8 tokens of 512 codes, width 32: the trainer's preset for a quarter of an hour. */
    SMALL(DvaeConfig.small(), 16),
    /** 64 x 64 pixels, 16 x 16 tokens of 1024 codes, width 64: the trainer's preset for hours. */
    WIDE(new DvaeConfig(64, 64, 3, 1, 1024, 128, 0.5, 6, Math.sqrt(2), 1, 0.25, 16, OptionalDouble.of(-1)), 16),
    /** The published networks at a quarter of their width: 256 x 256 pixels, 32 x 32 tokens of 8192 codes. */
    QUARTER(DvaeConfig.plain(256, 64, 4, 2, 8192, 128), 2);

    private final DvaeConfig config;
    private final int batch;

    Model(DvaeConfig config, int batch) {
      this.config = config;
      this.batch = batch;
    }
  }

  @Override
  protected Comparison comparison() {
    return new DvaeStepComparison(model.config, model.batch, dtype);
  }
}
