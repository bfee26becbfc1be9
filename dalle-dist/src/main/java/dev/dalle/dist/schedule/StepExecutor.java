package dev.dalle.dist.schedule;

import dev.dalle.dist.Pending;

/** Does the steps that the trainer's own loop does not. */
public interface StepExecutor {
  /** Does a step of lane COMPUTE, neither FORWARD nor BACKWARD, before it returns. */
  void compute(UpdateStep step);

  /** Starts a step of lane MACHINE or NETWORK. */
  Pending post(UpdateStep step);
}
