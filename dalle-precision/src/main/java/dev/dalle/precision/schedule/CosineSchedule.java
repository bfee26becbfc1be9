package dev.dalle.precision.schedule;

/**
 * Half a period of a cosine: {@code v(t) = end + (start - end) * (1 + cos(pi * min(t / T, 1))) / 2}. Rises or falls. Source: Ramesh et al. 2021,
 * arXiv 2102.12092, appendix A.2.
 *
 * @param start value at update 0, finite
 * @param end value at update {@code totalUpdates} and after, finite
 * @param totalUpdates T, at least 1
 */
public record CosineSchedule(double start, double end, long totalUpdates) implements Schedule {
  /** Checks. */
  public CosineSchedule {
    ScheduleChecks.finite("start", start);
    ScheduleChecks.finite("end", end);
    ScheduleChecks.positive("totalUpdates", totalUpdates);
  }

  @Override
  public double at(long update) {
    ScheduleChecks.atLeastZero("update", update);
    return ScheduleChecks.cosine(start, end, (double) update / totalUpdates);
  }

  @Override
  public CosineSchedule scaledTo(long newTotalUpdates) {
    return new CosineSchedule(start, end, newTotalUpdates);
  }
}
