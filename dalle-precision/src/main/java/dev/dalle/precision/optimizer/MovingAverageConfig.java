package dev.dalle.precision.optimizer;

/**
 * Constants of a {@link MovingAverage}.
 *
 * @param decay share of the average that is kept each time, in [0, 1)
 * @param interval updates from one averaging to the next, at least 1
 */
public record MovingAverageConfig(double decay, int interval) {
  /** The dVAE's: 0.999 every update (Ramesh et al. 2021, arXiv 2102.12092, appendix A.2). */
  public static final MovingAverageConfig DVAE = new MovingAverageConfig(0.999, 1);
  /** The transformer's: 0.99 every 25 updates (Ramesh et al. 2021, arXiv 2102.12092, appendix B.2). */
  public static final MovingAverageConfig TRANSFORMER = new MovingAverageConfig(0.99, 25);

  /** Checks. */
  public MovingAverageConfig {
    if (!(decay >= 0 && decay < 1)) {
      throw new IllegalArgumentException("decay: expected a number in [0, 1), got " + decay);
    }
    if (interval < 1) {
      throw new IllegalArgumentException("interval: expected at least 1, got " + interval);
    }
  }

  /**
   * Whether parameters are averaged after an update.
   *
   * @param update its number, counting from 1
   */
  public boolean isDue(long update) {
    if (update < 1) {
      throw new IllegalArgumentException("update: expected a number of at least 1, got " + update);
    }
    return update % interval == 0;
  }
}
