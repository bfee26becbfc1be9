package dev.dalle.trainer.report;

import java.util.List;

/**
 * Curves over a common axis.
 *
 * @param key its name for programs, see {@link Metric#key()}
 * @param title above it
 * @param xLabel what x counts, with its unit
 * @param yLabel what y measures, with its unit
 * @param scale of y
 * @param series at least one, at most eight, each with its own name
 */
public record Chart(String key, String title, String xLabel, String yLabel, Scale scale, List<Series> series) implements Block {

  /** How y is spread. On the logarithmic scale values that are not positive leave a gap. */
  public enum Scale {
    LINEAR,
    LOGARITHMIC
  }

  /** As many as have colours of their own. */
  static final int MAX_SERIES = 8;

  /** Checks every field. */
  public Chart {
    Keys.require(key);
    series = List.copyOf(series);
    if (series.isEmpty() || series.size() > MAX_SERIES) {
      throw new IllegalArgumentException("series: expected 1 to " + MAX_SERIES + ", got " + series.size() + " in chart '" + key + "'");
    }
    if (series.stream().map(Series::name).distinct().count() < series.size()) {
      throw new IllegalArgumentException("series: expected different names, got " + series.stream().map(Series::name).toList());
    }
  }

  /** On a linear scale. */
  public Chart(String key, String title, String xLabel, String yLabel, List<Series> series) {
    this(key, title, xLabel, yLabel, Scale.LINEAR, series);
  }
}
