package dev.dalle.trainer.report;

import java.util.Optional;

/**
 * One measured number.
 *
 * @param key its name for programs: lower-case words, digits, dots and hyphens, for example {@code dvae.psnr-gain}
 * @param label its name for people
 * @param value the number; NaN or infinite is allowed and shown as such, because a run that failed has a report too
 * @param unit for example {@code dB}; empty for a bare number
 * @param how how it was obtained, for example on which pictures; may be empty
 * @param goal what it should be
 */
public record Metric(String key, String label, double value, String unit, String how, Optional<Goal> goal) {

  /** Checks the key. */
  public Metric {
    Keys.require(key);
  }

  /** A number without a goal. */
  public Metric(String key, String label, double value, String unit, String how) {
    this(key, label, value, unit, how, Optional.empty());
  }

  /** The same number with a goal. */
  public Metric withGoal(Goal goal) {
    return new Metric(key, label, value, unit, how, Optional.of(goal));
  }

  /**
   * What a number should be.
   *
   * @param bound on which side of the limit it should lie
   * @param limit itself good enough
   */
  public record Goal(Bound bound, double limit) {
    /** Checks the limit. */
    public Goal {
      if (!Double.isFinite(limit)) {
        throw new IllegalArgumentException("limit: expected a finite number, got " + limit);
      }
    }

    /** At least this much. */
    public static Goal atLeast(double limit) {
      return new Goal(Bound.AT_LEAST, limit);
    }

    /** At most this much. */
    public static Goal atMost(double limit) {
      return new Goal(Bound.AT_MOST, limit);
    }

    /** Whether a value reaches it; NaN never does. */
    public boolean reachedBy(double value) {
      return switch (bound) {
        case AT_LEAST -> value >= limit;
        case AT_MOST -> value <= limit;
      };
    }
  }

  /** A side of a limit. */
  public enum Bound {
    AT_LEAST,
    AT_MOST
  }
}
