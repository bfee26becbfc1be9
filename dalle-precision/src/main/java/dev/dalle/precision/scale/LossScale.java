package dev.dalle.precision.scale;

/**
 * One scale for the whole loss, with the rules that PyTorch's GradScaler made known: it is halved when some gradient is not finite, and that update is skipped;
 * it doubles after a number of good updates in a row. Micikevicius et al. 2018, arXiv 1710.03740. Used by one thread at a time.
 */
public final class LossScale {
  private final double growth;
  private final double backoff;
  private final int interval;
  private double scale;
  private int goodInARow;

  /** That of PyTorch: 65,536 at first, times 2 after 2,000 good updates, times 1/2 after a bad one. */
  public LossScale() {
    this(65536, 2, 0.5, 2000);
  }

  /**
   * A scale.
   *
   * @param start scale of the first update
   * @param growth factor after good updates, more than 1
   * @param backoff factor after a bad one, from above 0 to below 1
   * @param interval good updates in a row before it grows, at least 1
   */
  public LossScale(double start, double growth, double backoff, int interval) {
    if (!fits(start)) {
      throw new IllegalArgumentException("start: expected a scale from 2^-126 to what a float holds, got " + start);
    }
    if (!(growth > 1 && Double.isFinite(growth))) {
      throw new IllegalArgumentException("growth: expected a finite factor above 1, got " + growth);
    }
    if (!(backoff > 0 && backoff < 1)) {
      throw new IllegalArgumentException("backoff: expected a factor between 0 and 1, got " + backoff);
    }
    if (interval < 1) {
      throw new IllegalArgumentException("interval: expected at least 1 update, got " + interval);
    }
    this.scale = start;
    this.growth = growth;
    this.backoff = backoff;
    this.interval = interval;
  }

  private static boolean fits(double scale) {
    return scale >= Float.MIN_NORMAL && scale <= Float.MAX_VALUE;
  }

  /** What the loss of the coming update is multiplied by. */
  public double scale() {
    return scale;
  }

  /** Good updates since the scale last changed. */
  public int goodInARow() {
    return goodInARow;
  }

  /**
   * Ends an update.
   *
   * @param nonfinite whether some gradient was not finite
   * @return whether the update must be skipped
   */
  public boolean update(boolean nonfinite) {
    if (nonfinite) {
      // Below this the inverse, by which gradients are multiplied, would be infinite in 32 bits, and no update would ever happen again.
      scale = Math.max(scale * backoff, Float.MIN_NORMAL);
      goodInARow = 0;
    } else if (++goodInARow == interval) {
      // A scale beyond what a float holds would make every gradient infinite.
      double grown = scale * growth;
      scale = grown <= Float.MAX_VALUE ? grown : scale;
      goodInARow = 0;
    }
    return nonfinite;
  }

  /**
   * Goes on from a checkpoint.
   *
   * @throws IllegalArgumentException if the scale is out of range, or the count is not below the interval; nothing has changed then
   */
  public void restore(double savedScale, int savedGoodInARow) {
    check(savedScale, savedGoodInARow);
    scale = savedScale;
    goodInARow = savedGoodInARow;
  }

  /** Refuses what {@link #restore} refuses, and changes nothing. */
  void check(double savedScale, int savedGoodInARow) {
    if (!fits(savedScale)) {
      throw new IllegalArgumentException("loss scale: expected a number from 2^-126 to what a float holds, got " + savedScale + "; the checkpoint is damaged");
    }
    if (savedGoodInARow < 0 || savedGoodInARow >= interval) {
      throw new IllegalArgumentException("loss scale: expected 0 to " + (interval - 1) + " good updates in a row, got " + savedGoodInARow
          + "; the checkpoint is damaged or was made with another interval");
    }
  }
}
