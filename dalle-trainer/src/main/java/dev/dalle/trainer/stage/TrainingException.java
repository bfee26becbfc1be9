package dev.dalle.trainer.stage;

import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.LossCurve;
import java.io.IOException;
import java.util.List;

/** Training cannot go on; the message says at which update, what was found and what to do. */
public final class TrainingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long step;
  private final String found;

  private TrainingException(long step, String found, String advice) {
    super(found + ". " + advice);
    this.step = step;
    this.found = found;
  }

  /** Leaves word in the run's folder and returns this, to be thrown. */
  TrainingException recorded(Checkpoint checkpoint, LossCurve curve) {
    try {
      checkpoint.fail(step, found, curve);
    } catch (IOException e) {
      addSuppressed(e);
    }
    return this;
  }

  /**
   * Stops a run whose loss is not a number: every later update would be skipped or worse.
   *
   * @param nonfinite parameters whose gradients were not finite, the first ones first
   */
  static void checkFinite(String stage, long step, double loss, List<String> nonfinite) {
    if (!Double.isFinite(loss)) {
      throw new TrainingException(step, "train " + stage + ", update " + step + ": the loss is " + loss + "; the first gradient that is not finite is that of "
          + (nonfinite.isEmpty() ? "none" : nonfinite.getFirst()), "Use a smaller step size, or f32 in place of 16 bits; the last checkpoint is intact");
    }
  }
}
