package dev.dalle.trainer.stage;

import dev.dalle.trainer.data.DerivedRandom;
import dev.dalle.trainer.data.Split;
import java.util.Arrays;

/** Which held-out examples a run is measured on. */
public final class HeldOut {
  private static final int STREAM = 77;

  private HeldOut() {}

  /**
   * A choice that depends on the seed alone, shuffled so that its order says nothing: the first of many are a choice of their own.
   *
   * @param count of examples wanted
   * @return indices; fewer if there are not as many, none if none are held out
   */
  public static int[] choice(Split split, long seed, int count) {
    int[] shuffled = split.heldOut();
    DerivedRandom random = new DerivedRandom(seed, STREAM);
    for (int i = shuffled.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swapped;
    }
    return Arrays.copyOf(shuffled, Math.min(shuffled.length, count));
  }
}
