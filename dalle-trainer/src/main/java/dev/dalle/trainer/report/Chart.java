package dev.dalle.trainer.report;

import java.util.List;
import java.util.stream.Stream;

/**
 * Curves over a common axis.
 *
 * @param key its name for programs, see {@link Metric#key()}
 * @param title above it
 * @param xLabel what x counts, with its unit
 * @param yLabel what y measures, with its unit
 * @param scale of y
 * @param series at least one, each with its own name
 * @param references values to compare them with; at most eight lines together with the series, and no two of one name
 */
public record Chart(String key, String title, String xLabel, String yLabel, Scale scale, List<Series> series, List<ReferenceLine> references)
    implements Block {

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
    references = List.copyOf(references);
    if (series.isEmpty() || series.size() > MAX_SERIES) {
      throw new IllegalArgumentException("series: expected 1 to " + MAX_SERIES + ", got " + series.size() + " in chart '" + key + "'");
    }
    if (series.size() + references.size() > MAX_SERIES) {
      throw new IllegalArgumentException("references: expected at most " + (MAX_SERIES - series.size()) + " beside " + series.size() + " series, got "
          + references.size() + " in chart '" + key + "'");
    }
    List<String> names = Stream.concat(series.stream().map(Series::name), references.stream().map(ReferenceLine::name)).toList();
    if (names.stream().distinct().count() < names.size()) {
      throw new IllegalArgumentException("series: expected different names, got " + names);
    }
  }

  /** Without reference lines. */
  public Chart(String key, String title, String xLabel, String yLabel, Scale scale, List<Series> series) {
    this(key, title, xLabel, yLabel, scale, series, List.of());
  }

  /** On a linear scale, without reference lines. */
  public Chart(String key, String title, String xLabel, String yLabel, List<Series> series) {
    this(key, title, xLabel, yLabel, Scale.LINEAR, series);
  }

  /** The same with reference lines. */
  public Chart withReferences(ReferenceLine... lines) {
    return new Chart(key, title, xLabel, yLabel, scale, series, List.of(lines));
  }
}
