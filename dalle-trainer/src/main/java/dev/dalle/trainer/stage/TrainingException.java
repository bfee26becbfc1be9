package dev.dalle.trainer.stage;

import dev.dalle.precision.optimizer.GlobalNorm;
import dev.dalle.tensor.Parameter;

/** Training cannot go on; the message says at which update, what was found and what to do. */
public final class TrainingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TrainingException(String message) {
    super(message);
  }

  /** Stops a run whose loss is not a number: every later update would be skipped or worse. */
  static void checkFinite(String stage, long step, double loss, GlobalNorm norm) {
    if (!Double.isFinite(loss)) {
      throw new TrainingException("train " + stage + ", update " + step + ": the loss is " + loss + "; the first gradient that is not finite is that of "
          + norm.firstNotFinite().map(Parameter::name).orElse("none") + ". Use a smaller step size, or f32 in place of bf16; the last checkpoint is intact");
    }
  }
}
