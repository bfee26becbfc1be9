package dev.dalle.precision.schedule;

import java.util.List;

/**
 * A straight line from 0 to the peak, which is then halved at each milestone. Source: Ramesh et al. 2021, arXiv 2102.12092, appendix B.2, where
 * the milestones were plateaus of the loss, chosen by hand.
 *
 * @param peak value at update {@code warmupUpdates}, finite
 * @param warmupUpdates length of the line, at least 0
 * @param milestones updates from which on the value is half of what it was, ascending, from {@code warmupUpdates} to {@code totalUpdates}; may be
 *     empty, and equal neighbours halve twice
 * @param totalUpdates length of the run, at least 1
 */
public record WarmupHalvingSchedule(double peak, long warmupUpdates, List<Long> milestones, long totalUpdates) implements Schedule {
  /** Checks and copies. */
  public WarmupHalvingSchedule {
    ScheduleChecks.finite("peak", peak);
    ScheduleChecks.positive("totalUpdates", totalUpdates);
    ScheduleChecks.atLeastZero("warmupUpdates", warmupUpdates);
    if (warmupUpdates > totalUpdates) {
      throw new IllegalArgumentException("warmupUpdates: expected at most totalUpdates " + totalUpdates + ", got " + warmupUpdates);
    }
    milestones = List.copyOf(milestones);
    long earliest = warmupUpdates;
    for (long milestone : milestones) {
      if (milestone < earliest || milestone > totalUpdates) {
        throw new IllegalArgumentException("milestones: expected ascending numbers from warmupUpdates " + warmupUpdates + " to totalUpdates "
            + totalUpdates + ", got " + milestones);
      }
      earliest = milestone;
    }
  }

  @Override
  public double at(long update) {
    ScheduleChecks.atLeastZero("update", update);
    if (update < warmupUpdates) {
      return peak * update / warmupUpdates;
    }
    int halvings = (int) milestones.stream().filter(milestone -> milestone <= update).count();
    return Math.scalb(peak, -halvings);
  }

  @Override
  public WarmupHalvingSchedule scaledTo(long newTotalUpdates) {
    ScheduleChecks.positive("totalUpdates", newTotalUpdates);
    // Rounding keeps the order, so the copy passes the checks.
    return new WarmupHalvingSchedule(peak, ScheduleChecks.stretch(warmupUpdates, totalUpdates, newTotalUpdates),
        milestones.stream().map(milestone -> ScheduleChecks.stretch(milestone, totalUpdates, newTotalUpdates)).toList(), newTotalUpdates);
  }
}
