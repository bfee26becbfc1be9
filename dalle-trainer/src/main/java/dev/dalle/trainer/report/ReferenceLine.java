package dev.dalle.trainer.report;

/**
 * A value to compare curves with, drawn as a dashed line across a chart: what guessing would reach, or what was measured at the end.
 *
 * @param name as shown in the legend, where the value follows it
 * @param value in the chart's unit; not drawn if it is NaN or infinite
 */
public record ReferenceLine(String name, double value) {
  /** Checks the name. */
  public ReferenceLine {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name: expected a text, got '" + name + "' for the value " + value);
    }
  }
}
