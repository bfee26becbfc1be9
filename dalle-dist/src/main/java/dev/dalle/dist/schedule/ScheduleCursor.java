package dev.dalle.dist.schedule;

import dev.dalle.dist.Pending;
import dev.dalle.dist.schedule.UpdateStep.Kind;
import dev.dalle.dist.schedule.UpdateStep.Lane;
import java.util.List;
import java.util.Objects;

/**
 * Walks a schedule once, beside a trainer's loop: the trainer calls {@link #reach} before and {@link #done} after its own forward or backward pass of a block.
 * Everything listed before is done on the way; what was posted is awaited by the first step that depends on it. One thread.
 */
public final class ScheduleCursor {
  private final List<UpdateStep> steps;
  private final StepExecutor executor;
  private final Pending[] pending;
  private int next;
  private boolean reached;

  /** A cursor before the first step. */
  public ScheduleCursor(UpdateSchedule schedule, StepExecutor executor) {
    this.steps = schedule.steps();
    this.executor = Objects.requireNonNull(executor, "executor");
    this.pending = new Pending[steps.size()];
  }

  /**
   * Does all that is listed before the trainer's next step and awaits what that depends on.
   *
   * @param kind FORWARD or BACKWARD
   * @throws IllegalStateException if another step is next
   */
  public void reach(Kind kind, int block) {
    UpdateStep own = ownStep();
    if (reached || own == null || own.kind() != kind || own.block() != block) {
      throw refused("reached", kind, block, own);
    }
    runTo(own.index());
    await(own);
    reached = true;
  }

  /**
   * Says that the step last reached has been done.
   *
   * @throws IllegalStateException if another one was reached, or none
   */
  public void done(Kind kind, int block) {
    UpdateStep own = ownStep();
    if (!reached || own.kind() != kind || own.block() != block) {
      throw refused("done", kind, block, own);
    }
    reached = false;
    next = own.index() + 1;
  }

  /**
   * Does all steps that are left and awaits everything.
   *
   * @throws IllegalStateException if the trainer has not done all its own
   */
  public void finish() {
    UpdateStep own = ownStep();
    if (own != null) {
      throw new IllegalStateException("schedule ended: expected " + own.name() + (reached ? " to be done" : "") + " before the end of the update");
    }
    runTo(steps.size());
    for (int index = 0; index < pending.length; index++) {
      await(index);
    }
  }

  private IllegalStateException refused(String what, Kind kind, int block, UpdateStep own) {
    String expected = own == null ? "the end of the update" : own.name() + (reached ? " to be done" : " to be reached");
    return new IllegalStateException("schedule " + what + " " + kind + " of block " + block + ": expected " + expected + " next");
  }

  private UpdateStep ownStep() {
    for (int index = next; index < steps.size(); index++) {
      if (isOwn(steps.get(index))) {
        return steps.get(index);
      }
    }
    return null;
  }

  private static boolean isOwn(UpdateStep step) {
    return step.kind() == Kind.FORWARD || step.kind() == Kind.BACKWARD;
  }

  private void runTo(int end) {
    for (; next < end; next++) {
      UpdateStep step = steps.get(next);
      await(step);
      if (step.lane() == Lane.COMPUTE) {
        executor.compute(step);
      } else {
        pending[next] = executor.post(step);
      }
    }
  }

  private void await(UpdateStep step) {
    for (int dependency : step.dependencies()) {
      await(dependency);
    }
  }

  private void await(int index) {
    if (pending[index] != null) {
      pending[index].await();
      pending[index] = null;
    }
  }
}
