package dev.dalle.precision.schedule;

/** A number as a function of the number of updates. Immutable; equal fields mean equal schedules. */
public sealed interface Schedule permits ConstantSchedule, CosineSchedule, LinearSchedule, WarmupCosineSchedule, WarmupHalvingSchedule {
  /**
   * The value to use.
   *
   * @param update number of the update, counting from 1; 0 gives the value before all training. Past {@link #totalUpdates()} the last value holds
   * @throws IllegalArgumentException if the number is negative
   */
  double at(long update);

  /** Number of updates that the schedule is drawn up for. */
  long totalUpdates();

  /**
   * The same curve over another number of updates: its time axis is stretched, its values stay. A curve that fills only part of a run is scaled
   * by that part: {@code schedule.scaledTo(run / 10)}.
   *
   * @throws IllegalArgumentException if the number is not positive
   */
  Schedule scaledTo(long totalUpdates);
}
