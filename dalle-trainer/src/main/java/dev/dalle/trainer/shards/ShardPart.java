package dev.dalle.trainer.shards;

import dev.dalle.trainer.data.Split;
import java.util.Locale;

/** The sides of a data set's split; each has shards of its own. */
public enum ShardPart {
  /** What is trained on. */
  TRAINING,
  /** What is measured on. */
  HELD_OUT;

  /** As file names begin: {@code training} or {@code held-out}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The examples of this side, rising. */
  int[] of(Split split) {
    return this == TRAINING ? split.training() : split.heldOut();
  }
}
