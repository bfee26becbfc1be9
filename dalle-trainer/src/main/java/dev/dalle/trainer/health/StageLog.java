package dev.dalle.trainer.health;

import dev.dalle.trainer.run.Checkpoint.Standing;
import dev.dalle.trainer.run.LossCurve;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A stage as it stands in a run's folder.
 *
 * @param name for people
 * @param key of its configuration and its files
 * @param stepSizeKey of the configuration, in the stage
 * @param stepSize that it has
 * @param steps updates in all
 * @param standing what was left; nothing if the stage has not begun, was stopped before its first checkpoint, or its index is damaged
 */
public record StageLog(String name, String key, String stepSizeKey, double stepSize, int steps, Optional<Standing> standing) {
  /** Before this share of its updates a stage is too young for a verdict on what it has learnt: codes and captions come into use late. */
  private static final double GROWN_UP = 0.5;
  /** The end of a curve is its last twentieth, and at least so many points: one batch is noise. */
  private static final int LEAST_WINDOW = 5;
  private static final int WINDOWS = 20;

  /** Losses; none if the stage has not begun. */
  List<LossCurve.Point> curve() {
    return standing.map(Standing::curve).orElse(List.of());
  }

  /** Updates made, as far as it is known. */
  long step() {
    return standing.map(Standing::step).orElse(0L);
  }

  boolean finished() {
    return standing.map(Standing::finished).orElse(false);
  }

  /** Whether it has come far enough to be judged by what it has learnt. */
  boolean grownUp() {
    return finished() || step() >= GROWN_UP * steps;
  }

  /** How far it is, for people. */
  String progress() {
    return "update " + step() + " of " + steps;
  }

  /** The key of its step size and what it is now, for a remedy. */
  String stepSizeText() {
    return key + "." + stepSizeKey + " (now " + stepSize + ")";
  }

  /** The values of a name, of the points that have it. */
  double[] values(String value) {
    return curve().stream().filter(point -> point.values().containsKey(value)).mapToDouble(point -> point.values().get(value)).toArray();
  }

  /** The median over the end of the curve, of the points that have the value. */
  OptionalDouble end(String value) {
    double[] values = values(value);
    return values.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(end(values));
  }

  /** Points that are looked at together, of so many. */
  static int window(int points) {
    return Math.max(LEAST_WINDOW, points / WINDOWS);
  }

  /** The median of the last window. */
  static double end(double[] values) {
    return median(values, Math.max(0, values.length - window(values.length)), values.length);
  }

  /** The median of a part, at least one value. */
  static double median(double[] values, int from, int to) {
    double[] sorted = Arrays.copyOfRange(values, from, to);
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
