package dev.dalle.trainer.run;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Numbers of a stage over its updates, thinned so that a curve has at most some hundred points. One thread at a time. */
public final class LossCurve {
  /** About as many points as a chart can show. */
  private static final int POINTS = 400;
  /** About as many points as show a trend. */
  private static final int COSTLY_POINTS = 20;

  /**
   * One point.
   *
   * @param step update, counting from 1
   * @param values by name, all finite; a name is missing where its value was not measured or not finite
   */
  public record Point(long step, Map<String, Double> values) {}

  private final int steps;
  private final int interval;
  private final List<Point> points = new ArrayList<>();

  /** For a stage of so many updates. */
  public LossCurve(int steps) {
    this.steps = steps;
    this.interval = Math.max(1, steps / POINTS);
  }

  /** Whether a point is wanted after this update: reading a loss waits for the device. */
  public boolean wants(long step) {
    return step == 1 || step % interval == 0;
  }

  /** Whether that point may hold what takes another pass through the model: about one in twenty may. */
  public boolean wantsCostly(long step) {
    return step % ((long) interval * Math.max(1, steps / interval / COSTLY_POINTS)) == 0;
  }

  /** Adds a point. Values that are not finite are left out: an update whose gradient overflows is skipped, and the training goes on. */
  public void add(long step, Map<String, Double> values) {
    Map<String, Double> finite = new TreeMap<>(values);
    finite.values().removeIf(value -> !Double.isFinite(value));
    points.add(new Point(step, Collections.unmodifiableMap(finite)));
  }

  /** Replaces all points by those of a checkpoint. */
  public void restore(List<Point> earlier) {
    points.clear();
    points.addAll(earlier);
  }

  /** All points so far, in order. */
  public List<Point> points() {
    return List.copyOf(points);
  }

  /** The last value of a name, NaN if there is none. */
  public double last(String name) {
    return points.isEmpty() ? Double.NaN : points.getLast().values().getOrDefault(name, Double.NaN);
  }
}
