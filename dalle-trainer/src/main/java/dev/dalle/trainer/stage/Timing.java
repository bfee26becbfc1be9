package dev.dalle.trainer.stage;

import java.util.Arrays;
import java.util.function.LongConsumer;

/** Measures how long an update takes. */
public final class Timing {
  private Timing() {}

  /**
   * How long to measure.
   *
   * @param warmUpSteps updates that are not counted, at least
   * @param warmUpSeconds and for at least this long: code is compiled while it runs, on the cores that it runs on
   * @param counted updates that are counted
   */
  public record Effort(int warmUpSteps, double warmUpSeconds, int counted) {
    /** One update after another, only to see whether it is a matter of seconds or of minutes. */
    public static final Effort GLANCE = new Effort(1, 0, 1);
  }

  /** The median of some updates; each must wait for its own result. */
  static double medianSeconds(Effort effort, LongConsumer update) {
    long begin = System.nanoTime();
    long step = 0;
    while (step < effort.warmUpSteps() || (System.nanoTime() - begin) / 1e9 < effort.warmUpSeconds()) {
      update.accept(++step);
    }
    double[] seconds = new double[effort.counted()];
    for (int i = 0; i < seconds.length; i++) {
      long from = System.nanoTime();
      update.accept(++step);
      seconds[i] = (System.nanoTime() - from) / 1e9;
    }
    Arrays.sort(seconds);
    return seconds[seconds.length / 2];
  }
}
