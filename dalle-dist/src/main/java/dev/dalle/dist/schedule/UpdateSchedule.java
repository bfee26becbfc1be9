package dev.dalle.dist.schedule;

import dev.dalle.dist.schedule.UpdateStep.Kind;
import java.util.List;

/**
 * The steps of one update in the order in which a rank starts them. Immutable. Forwards, a block is gathered while the one before is computed; backwards,
 * while the
 * one after is. Factors of a block are made and averaged while earlier blocks still go backwards.
 *
 * @param blocks how many blocks have parameters
 * @param options what decided the order
 * @param steps in order; a step's index is its place
 */
public record UpdateSchedule(int blocks, ScheduleOptions options, List<UpdateStep> steps) {
  /** Checks places. */
  public UpdateSchedule {
    steps = List.copyOf(steps);
    for (int place = 0; place < steps.size(); place++) {
      if (steps.get(place).index() != place) {
        throw new IllegalArgumentException("step at place " + place + ": expected that index, got " + steps.get(place).index());
      }
    }
  }

  /**
   * The schedule of an update.
   *
   * @param blocks 1 or more
   */
  public static UpdateSchedule of(int blocks, ScheduleOptions options) {
    if (blocks < 1) {
      throw new IllegalArgumentException("blocks: expected 1 or more, got " + blocks);
    }
    return new UpdateSchedule(blocks, options, new ScheduleBuilder(blocks, options).build());
  }

  /** How many steps are of a kind. */
  public long count(Kind kind) {
    return steps.stream().filter(step -> step.kind() == kind).count();
  }
}
