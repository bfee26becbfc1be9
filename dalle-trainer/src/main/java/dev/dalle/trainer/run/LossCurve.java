package dev.dalle.trainer.run;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Numbers of a stage over its updates, thinned so that a curve has at most some hundred points. One thread at a time. */
public final class LossCurve {
  /** About as many points as a chart can show. */
  private static final int POINTS = 400;

  /**
   * One point.
   *
   * @param step update, counting from 1
   * @param values by name; the same names in every point of a curve
   */
  public record Point(long step, Map<String, Double> values) {}

  private final int interval;
  private final List<Point> points = new ArrayList<>();

  /** For a stage of so many updates. */
  public LossCurve(int steps) {
    this.interval = Math.max(1, steps / POINTS);
  }

  /** Whether a point is wanted after this update: reading a loss waits for the device. */
  public boolean wants(long step) {
    return step == 1 || step % interval == 0;
  }

  /** Adds a point; names and values in turns. */
  public void add(long step, Map<String, Double> values) {
    points.add(new Point(step, new LinkedHashMap<>(values)));
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
    return points.isEmpty() ? Double.NaN : points.getLast().values().get(name);
  }
}
