package dev.dalle.precision.optimizer;

import java.util.Objects;

/**
 * Constants of {@link AdamW}.
 *
 * @param beta1 decay of the gradients' running mean, in [0, 1)
 * @param beta2 decay of the squared gradients' running mean, in [0, 1)
 * @param epsilon added to the root of the corrected variance, positive
 * @param weightDecay share of a matrix that is taken away an update, before it is multiplied by the step size; at least 0
 * @param varianceLimit the running variance is clipped to this value before it is stored or used; positive, infinite for no clipping
 * @param moments how the moments of matrices are kept
 * @param valueUpdate how matrices that are kept in 16 bits get their new values
 * @param seed of stochastic rounding; without meaning for the other two ways
 */
public record AdamWConfig(double beta1, double beta2, double epsilon, double weightDecay, double varianceLimit, Moments moments, ValueUpdate valueUpdate,
    long seed) {
  /** The dVAE's (Ramesh et al. 2021, arXiv 2102.12092, appendix A.2), with moments in F32. */
  public static final AdamWConfig DVAE = new AdamWConfig(0.9, 0.999, 1e-8, 1e-4, Double.POSITIVE_INFINITY);
  /** The transformer's (Ramesh et al. 2021, arXiv 2102.12092, appendix B.2), with moments in F32. */
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
    Objects.requireNonNull(moments, "moments");
    Objects.requireNonNull(valueUpdate, "valueUpdate");
  }

  /** With moments in F32, and a copy in F32 of every value that is kept in 16 bits. */
  public AdamWConfig(double beta1, double beta2, double epsilon, double weightDecay, double varianceLimit) {
    this(beta1, beta2, epsilon, weightDecay, varianceLimit, Moments.F32, ValueUpdate.MASTER_COPY, 0);
  }

  /** The same with another weight decay. */
  public AdamWConfig withWeightDecay(double share) {
    return new AdamWConfig(beta1, beta2, epsilon, share, varianceLimit, moments, valueUpdate, seed);
  }

  /** The same with other moments. */
  public AdamWConfig withMoments(Moments kept) {
    return new AdamWConfig(beta1, beta2, epsilon, weightDecay, varianceLimit, kept, valueUpdate, seed);
  }

  /** The same with another way to update values in 16 bits; the seed matters to stochastic rounding only. */
  public AdamWConfig withValueUpdate(ValueUpdate way, long randomSeed) {
    return new AdamWConfig(beta1, beta2, epsilon, weightDecay, varianceLimit, moments, way, randomSeed);
  }

  private static void decay(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + ": expected a number in [0, 1), got " + value);
    }
  }
}
