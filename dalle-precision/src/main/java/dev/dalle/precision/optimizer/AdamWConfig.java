package dev.dalle.precision.optimizer;

/**
 * Constants of {@link AdamW}.
 *
 * @param beta1 decay of the gradients' running mean, in [0, 1)
 * @param beta2 decay of the squared gradients' running mean, in [0, 1)
 * @param epsilon added to the root of the corrected variance, positive
 * @param weightDecay share of a matrix that is taken away an update, before it is multiplied by the step size; at least 0
 * @param varianceLimit the running variance is clipped to this value before it is stored or used; positive, infinite for no clipping
 */
public record AdamWConfig(double beta1, double beta2, double epsilon, double weightDecay, double varianceLimit) {
  /** The dVAE's (Ramesh et al. 2021, arXiv 2102.12092, appendix A.2). */
  public static final AdamWConfig DVAE = new AdamWConfig(0.9, 0.999, 1e-8, 1e-4, Double.POSITIVE_INFINITY);
  /** The transformer's (Ramesh et al. 2021, arXiv 2102.12092, appendix B.2). */
  public static final AdamWConfig TRANSFORMER = new AdamWConfig(0.9, 0.96, 1e-8, 4.5e-2, 5);

  /** Checks. */
  public AdamWConfig {
    decay("beta1", beta1);
    decay("beta2", beta2);
    if (!(epsilon > 0) || Double.isInfinite(epsilon)) {
      throw new IllegalArgumentException("epsilon: expected a positive number, got " + epsilon);
    }
    if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
      throw new IllegalArgumentException("weightDecay: expected a number of at least 0, got " + weightDecay);
    }
    if (!(varianceLimit > 0)) {
      throw new IllegalArgumentException("varianceLimit: expected a positive number or infinity, got " + varianceLimit);
    }
  }

  private static void decay(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + ": expected a number in [0, 1), got " + value);
    }
  }
}
