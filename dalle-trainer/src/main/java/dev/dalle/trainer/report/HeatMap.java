package dev.dalle.trainer.report;

import java.util.Arrays;
import java.util.List;

/**
 * Numbers over two axes, each shown by how dark its place is: for as many rows as no chart has colours for.
 *
 * @param key its name for programs, see {@link Metric#key()}
 * @param title above it
 * @param xLabel what the columns are, with its unit
 * @param valueLabel what the numbers measure, with its unit
 * @param x of each column, ascending and finite, at least one
 * @param rows from the top, at least one, each with its own name
 */
public record HeatMap(String key, String title, String xLabel, String valueLabel, double[] x, List<Row> rows) implements Block {
  /**
   * A row.
   *
   * @param name as shown beside it
   * @param values one a column; NaN and infinite values leave a gap
   */
  public record Row(String name, double[] values) {
    /** Copies. */
    public Row {
      values = values.clone();
    }

    @Override
    public double[] values() {
      return values.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Row row && name.equals(row.name) && Arrays.equals(values, row.values);
    }

    @Override
    public int hashCode() {
      return 31 * name.hashCode() + Arrays.hashCode(values);
    }
  }

  /** Checks every field. */
  public HeatMap {
    Keys.require(key);
    x = x.clone();
    rows = List.copyOf(rows);
    if (x.length == 0 || rows.isEmpty()) {
      throw new IllegalArgumentException("heat map '" + key + "': expected at least one column and one row, got " + x.length + " and " + rows.size());
    }
    for (int i = 0; i < x.length; i++) {
      if (!Double.isFinite(x[i]) || i > 0 && x[i] <= x[i - 1]) {
        throw new IllegalArgumentException("x: expected finite ascending values, got " + x[i] + " at " + i + " in heat map '" + key + "'");
      }
    }
    for (Row row : rows) {
      if (row.values.length != x.length) {
        throw new IllegalArgumentException("row '" + row.name + "': expected " + x.length + " values like x, got " + row.values.length + " in heat map '" + key
            + "'");
      }
    }
    if (rows.stream().map(Row::name).distinct().count() < rows.size()) {
      throw new IllegalArgumentException("rows: expected different names, got " + rows.stream().map(Row::name).toList() + " in heat map '" + key + "'");
    }
  }

  @Override
  public double[] x() {
    return x.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HeatMap map && key.equals(map.key) && title.equals(map.title) && xLabel.equals(map.xLabel) && valueLabel.equals(map.valueLabel)
        && Arrays.equals(x, map.x) && rows.equals(map.rows);
  }

  @Override
  public int hashCode() {
    return 31 * key.hashCode() + rows.hashCode();
  }
}
