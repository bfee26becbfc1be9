package dev.dalle.precision.schedule;

/**
 * The same value always.
 *
 * @param value finite
 */
public record ConstantSchedule(double value) implements Schedule {
  /** Checks. */
  public ConstantSchedule {
    ScheduleChecks.finite("value", value);
  }

  @Override
  public double at(long update) {
    ScheduleChecks.atLeastZero("update", update);
    return value;
  }

  /** One, since every length is the same. */
  @Override
  public long totalUpdates() {
    return 1;
  }

  @Override
  public ConstantSchedule scaledTo(long totalUpdates) {
    ScheduleChecks.positive("totalUpdates", totalUpdates);
    return this;
  }
}
