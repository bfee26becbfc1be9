package dev.dalle.precision.scale;

/**
 * Rules of gradient scales. Source: Ramesh et al. 2021, arXiv 2102.12092, appendix D.
 *
 * @param start scale of every block before the first update
 * @param least no scale falls below
 * @param greatest no scale rises above
 * @param growth factor after an update in which all gradients of the block were finite, at least 1
 * @param division divisor after one in which some were not, more than 1
 * @param window updates after a division in which the same block's scale is not divided again
 */
public record GradientScaleConfig(double start, double least, double greatest, double growth, double division, int window) {
  /** Checks. */
  public GradientScaleConfig {
    fits("least", least);
    fits("greatest", greatest);
    if (!(least <= start && start <= greatest)) {
      throw new IllegalArgumentException("start: expected a scale from " + least + " to " + greatest + ", got " + start);
    }
    if (!(growth >= 1 && growth <= 2)) {
      throw new IllegalArgumentException("growth: expected 1 to 2, got " + growth);
    }
    if (!(division > 1 && division <= 65536)) {
      throw new IllegalArgumentException("division: expected more than 1, at most 65536, got " + division);
    }
    if (window < 0) {
      throw new IllegalArgumentException("window: expected 0 updates or more, got " + window);
    }
  }

  /** Gradients are multiplied by a scale and by its inverse, both in 32 bits. */
  private static void fits(String name, double value) {
    if (!(value >= 0x1p-126 && value <= 0x1p126)) {
      throw new IllegalArgumentException(name + ": expected a number from 2^-126 to 2^126, got " + value);
    }
  }

  /**
   * The paper's: scales start at M 2^13 and stay from M 2^7 to M 2^24; they grow by 2^(1/1000) and are divided by the root of 2, at most once in 125 updates.
   *
   * @param replicas M, the number of data-parallel replicas, which is the number of GPUs there; the loss is divided by the overall batch size
   * @throws IllegalArgumentException if there is not at least one
   */
  public static GradientScaleConfig paper(int replicas) {
    if (replicas < 1) {
      throw new IllegalArgumentException("replicas: expected at least 1, got " + replicas);
    }
    return new GradientScaleConfig(replicas * 0x1p13, replicas * 0x1p7, replicas * 0x1p24, Math.pow(2, 1 / 1000.0), Math.sqrt(2), 125);
  }
}
