package dev.dalle.trainer.report;

import java.util.List;

/**
 * Numbers in a table, one a row.
 *
 * @param title above the table; may be empty
 * @param metrics at least one
 */
public record MetricTable(String title, List<Metric> metrics) implements Block {
  /** Checks that there is something to show. */
  public MetricTable {
    metrics = List.copyOf(metrics);
    if (metrics.isEmpty()) {
      throw new IllegalArgumentException("metrics: expected at least one, got none for '" + title + "'");
    }
  }
}
