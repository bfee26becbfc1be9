package dev.dalle.precision.schedule;

import java.util.Arrays;

/** The schedules of Ramesh et al. 2021, arXiv 2102.12092, and the lengths of the runs they were used in. */
public final class PaperSchedules {
  /** Updates of the dVAE's training (appendix A.2). */
  public static final long DVAE_UPDATES = 3_000_000;
  /** Updates of the transformer's training (appendix B.2). */
  public static final long TRANSFORMER_UPDATES = 430_000;

  /** Weight of the dVAE's KL term, 0 to 6.6 (appendix A.2). */
  public static final CosineSchedule DVAE_BETA = new CosineSchedule(0, 6.6, 5_000);
  /** Temperature of the dVAE's relaxation, 1 to 1/16 (appendix A.2). */
  public static final CosineSchedule DVAE_TAU = new CosineSchedule(1, 1.0 / 16, 150_000);
  /** Step size of the dVAE, 1e-4 to 1.25e-6 (appendix A.2). */
  public static final CosineSchedule DVAE_STEP_SIZE = new CosineSchedule(1e-4, 1.25e-6, 1_200_000);

  private static final double TRANSFORMER_PEAK = 4.5e-4;
  private static final long TRANSFORMER_WARMUP = 5_000;

  private PaperSchedules() {}

  /**
   * The transformer's step size: 4.5e-4 after 5,000 updates, then halved by hand (appendix B.2). The paper halved five times, so it ended at
   * 1.40625e-5; it does not say when.
   *
   * @param milestones the updates at which to halve, ascending, between 5,000 and 430,000
   */
  public static WarmupHalvingSchedule transformerStepSize(long... milestones) {
    return new WarmupHalvingSchedule(TRANSFORMER_PEAK, TRANSFORMER_WARMUP, Arrays.stream(milestones).boxed().toList(), TRANSFORMER_UPDATES);
  }

  /**
   * A step size for transformers that nobody watches: the paper's warm-up, peak, last value and length, with a cosine between peak and last value in
   * place of the halvings.
   */
  public static WarmupCosineSchedule transformerStepSizeUnattended() {
    return new WarmupCosineSchedule(TRANSFORMER_PEAK, TRANSFORMER_PEAK / 32, TRANSFORMER_WARMUP, TRANSFORMER_UPDATES);
  }
}
