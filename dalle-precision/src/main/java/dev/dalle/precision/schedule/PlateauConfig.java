package dev.dalle.precision.schedule;

/**
 * When {@link PlateauHalving} halves a step size.
 *
 * @param smoothing share of the smoothed loss that is kept an update, in [0, 1): 0.99 looks at about a hundred losses
 * @param patience updates without an improvement after which the step size is halved, and in which it is not halved again; at least 1
 * @param improvement share of the best smoothed loss so far by which a later one has to lie below it to count as better, in [0, 1)
 * @param mostHalvings after which the step size stays; at least 0
 */
public record PlateauConfig(double smoothing, long patience, double improvement, int mostHalvings) {
  /** Checks. */
  public PlateauConfig {
    share("smoothing", smoothing);
    share("improvement", improvement);
    ScheduleChecks.positive("patience", patience);
    ScheduleChecks.atLeastZero("mostHalvings", mostHalvings);
  }

  private static void share(String name, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + ": expected a number in [0, 1), got " + value);
    }
  }
}
