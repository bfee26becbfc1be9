package dev.dalle.precision.schedule;

/** What all schedules ask of their fields and arguments. */
final class ScheduleChecks {
  private ScheduleChecks() {}

  static void finite(String name, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(name + ": expected a finite number, got " + value);
    }
  }

  static void positive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": expected at least 1, got " + value);
    }
  }

  static void atLeastZero(String name, long value) {
    if (value < 0) {
      throw new IllegalArgumentException(name + ": expected at least 0, got " + value);
    }
  }

  /** {@code count * to / from}, rounded to the nearest number. */
  static long stretch(long count, long from, long to) {
    return Math.round((double) count / from * to);
  }

  /** From {@code start} at fraction 0 to {@code end} at fraction 1 and beyond, along half a period of a cosine; both ends exact. */
  static double cosine(double start, double end, double fraction) {
    return fraction >= 1 ? end : end + (start - end) * (1 + Math.cos(Math.PI * fraction)) / 2;
  }
}
