package dev.dalle.trainer.experiment;

import dev.dalle.attention.TransformerConfig;

/**
 * The experiment of gradient scales: a deep, narrow transformer.
 *
 * @param model sizes and starting values
 * @param steps updates of each run
 * @param batchSize examples an update
 * @param stepSize AdamW's greatest, reached after a tenth of the run, from where it falls to a hundredth along a cosine
 * @param seeds runs of each arm
 * @param replicas M, of which the run is one: the loss is divided by the overall batch size, M times what a replica sees; a power of two
 * @param examples that are trained on, at most
 * @param measured held-out examples, at most
 */
record GradientScalingConfig(TransformerConfig model, int steps, int batchSize, double stepSize, int seeds, int replicas, int examples, int measured) {
  /** Levels of red, green and blue in the palette. */
  static final int LEVELS = 6;
  private static final int GRID = 8;
  private static final int TEXT_LENGTH = 24;
  private static final int TEXT_VOCABULARY = 1024;

  /** Checks. */
  GradientScalingConfig {
    atLeast("steps", 10, steps);
    atLeast("batchSize", 1, batchSize);
    atLeast("seeds", 1, seeds);
    atLeast("examples", batchSize, examples);
    atLeast("measured", 1, measured);
    if (!(stepSize > 0 && Double.isFinite(stepSize))) {
      throw new IllegalArgumentException("stepSize: expected a positive number, got " + stepSize);
    }
    if (Integer.bitCount(replicas) != 1) {
      throw new IllegalArgumentException("replicas: expected a power of two, got " + replicas);
    }
  }

  private static void atLeast(String name, int least, int found) {
    if (found < least) {
      throw new IllegalArgumentException(name + ": expected " + least + " or more, got " + found);
    }
  }

  /**
   * The usual one, with other sizes.
   *
   * @param gain of starting weights, see {@link TransformerConfig.Initialisation}
   */
  static GradientScalingConfig of(int layers, int width, double gain, int steps, int batchSize, double stepSize, int seeds, int replicas) {
    TransformerConfig model = TransformerConfig.of(TEXT_LENGTH, GRID, TEXT_VOCABULARY, PaletteTokens.vocabulary(LEVELS), layers, width, Math.max(1, width / 32))
        .withInitialisation(new TransformerConfig.Initialisation(gain, 1, true));
    return new GradientScalingConfig(model, steps, batchSize, stepSize, seeds, replicas, 6000, 256);
  }

  /** The same with another number of runs of each arm. */
  GradientScalingConfig withSeeds(int newSeeds) {
    return new GradientScalingConfig(model, steps, batchSize, stepSize, newSeeds, replicas, examples, measured);
  }
}
