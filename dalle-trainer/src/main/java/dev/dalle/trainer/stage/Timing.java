package dev.dalle.trainer.stage;

import java.util.Arrays;
import java.util.function.LongConsumer;

/** Measures how long an update takes. */
final class Timing {
  private Timing() {}

  /**
   * The median of some updates; each must wait for its own result.
   *
   * @param warmUp updates that are not counted: the first ones compile code and make primitives
   * @param counted at least 1
   */
  static double medianSeconds(int warmUp, int counted, LongConsumer update) {
    double[] seconds = new double[counted];
    for (int i = 0; i < warmUp + counted; i++) {
      long begin = System.nanoTime();
      update.accept(i + 1);
      if (i >= warmUp) {
        seconds[i - warmUp] = (System.nanoTime() - begin) / 1e9;
      }
    }
    Arrays.sort(seconds);
    return seconds[counted / 2];
  }
}
