package dev.dalle.bench;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.tensor.DType;
import java.util.OptionalDouble;
import org.openjdk.jmh.annotations.Param;

/** One update of stage one: forwards, backwards, clipping, AdamW, moving average. */
public class DvaeStepBenchmark extends SideBySide {
  private static final int BATCH = 16;

  /** Which model. */
  @Param({"SMALL", "WIDE"})
  public Model model;

  /** Type of the convolutions. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Models; both have the trainer's starting values for short runs. */
  public enum Model {
    /** 64 x 64 pixels, 8 x 8 tokens of 512 codes, width 32: the trainer's preset for a quarter of an hour. */
    SMALL(DvaeConfig.small()),
    /** 64 x 64 pixels, 16 x 16 tokens of 1024 codes, width 64: the trainer's preset for hours. */
    WIDE(new DvaeConfig(64, 64, 3, 1, 1024, 128, 0.5, 6, Math.sqrt(2), 1, 0.25, 16, OptionalDouble.of(-1)));

    private final DvaeConfig config;

    Model(DvaeConfig config) {
      this.config = config;
    }
  }

  @Override
  protected Comparison comparison() {
    return new DvaeStepComparison(model.config, BATCH, dtype);
  }
}
