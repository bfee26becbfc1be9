package dev.dalle.bench;

import dev.dalle.precision.optimizer.AdamWConfig;

/** What an update of both stages does with gradients, the same on both sides. */
final class Training {
  /** libtorch's fused AdamW has no limit of the variance, so neither side has one. */
  static final AdamWConfig OPTIMIZER = AdamWConfig.DVAE;
  static final double STEP_SIZE = 1e-4;
  /** Greatest norm of all gradients together. */
  static final double CLIP_NORM = 4;
  /** Of the moving average of parameters. */
  static final double AVERAGE_DECAY = 0.999;

  private Training() {}
}
