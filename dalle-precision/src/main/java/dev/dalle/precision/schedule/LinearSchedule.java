package dev.dalle.precision.schedule;

/**
 * A straight line: {@code v(t) = start + (end - start) * min(t / T, 1)}. For a relaxation's temperature the paper found that it typically diverges, where a
 * {@link CosineSchedule} does not (Ramesh et al. 2021, arXiv 2102.12092, appendix A.2).
 *
 * @param start value at update 0, finite
 * @param end value at update {@code totalUpdates} and after, finite
 * @param totalUpdates T, at least 1
 */
public record LinearSchedule(double start, double end, long totalUpdates) implements Schedule {
  /** Checks. */
  public LinearSchedule {
    ScheduleChecks.finite("start", start);
    ScheduleChecks.finite("end", end);
    ScheduleChecks.positive("totalUpdates", totalUpdates);
  }

  @Override
  public double at(long update) {
    ScheduleChecks.atLeastZero("update", update);
    return update >= totalUpdates ? end : start + (end - start) * update / totalUpdates;
  }

  @Override
  public LinearSchedule scaledTo(long newTotalUpdates) {
    return new LinearSchedule(start, end, newTotalUpdates);
  }
}
