package dev.dalle.precision.schedule;

/**
 * A straight line from 0 to the peak, then half a period of a cosine down to the end value. Not the paper's: it does without anybody who
 * watches for plateaus.
 *
 * @param peak value at update {@code warmupUpdates}, finite
 * @param end value at update {@code totalUpdates} and after, finite
 * @param warmupUpdates length of the line, from 0 to less than {@code totalUpdates}
 * @param totalUpdates at least 1
 */
public record WarmupCosineSchedule(double peak, double end, long warmupUpdates, long totalUpdates) implements Schedule {
  /** Checks. */
  public WarmupCosineSchedule {
    ScheduleChecks.finite("peak", peak);
    ScheduleChecks.finite("end", end);
    ScheduleChecks.positive("totalUpdates", totalUpdates);
    ScheduleChecks.atLeastZero("warmupUpdates", warmupUpdates);
    if (warmupUpdates >= totalUpdates) {
      throw new IllegalArgumentException("warmupUpdates: expected less than totalUpdates " + totalUpdates + ", got " + warmupUpdates);
    }
  }

  @Override
  public double at(long update) {
    ScheduleChecks.atLeastZero("update", update);
    if (update < warmupUpdates) {
      return peak * update / warmupUpdates;
    }
    return ScheduleChecks.cosine(peak, end, (double) (update - warmupUpdates) / (totalUpdates - warmupUpdates));
  }

  @Override
  public WarmupCosineSchedule scaledTo(long newTotalUpdates) {
    ScheduleChecks.positive("totalUpdates", newTotalUpdates);
    long warmup = Math.min(ScheduleChecks.stretch(warmupUpdates, totalUpdates, newTotalUpdates), newTotalUpdates - 1);
    return new WarmupCosineSchedule(peak, end, warmup, newTotalUpdates);
  }
}
