package dev.dalle.trainer.report;

import java.util.Arrays;

/**
 * One line of a chart. The arrays are copied.
 *
 * @param name as shown in the legend
 * @param x ascending, finite
 * @param y as long as {@code x}; NaN and infinite values leave a gap
 * @param noisy a loss of single steps: drawn faint, with its running mean above it
 */
public record Series(String name, double[] x, double[] y, boolean noisy) {

  /** Checks and copies. */
  public Series {
    if (x.length != y.length) {
      throw new IllegalArgumentException("y: expected " + x.length + " values like x, got " + y.length + " in series '" + name + "'");
    }
    for (int i = 0; i < x.length; i++) {
      if (!Double.isFinite(x[i]) || i > 0 && x[i] < x[i - 1]) {
        throw new IllegalArgumentException("x: expected finite ascending values, got " + x[i] + " at " + i + " in series '" + name + "'");
      }
    }
    x = x.clone();
    y = y.clone();
  }

  @Override
  public double[] x() {
    return x.clone();
  }

  @Override
  public double[] y() {
    return y.clone();
  }

  /** How many points. */
  public int length() {
    return x.length;
  }

  double x(int i) {
    return x[i];
  }

  double y(int i) {
    return y[i];
  }

  /** The running mean over the last hundredth of the series, at least one value: the same x, less noise. */
  Series mean() {
    double[] mean = new double[y.length];
    double keep = 1 - 1.0 / Math.max(1, y.length / 100.0);
    double sum = 0;
    double weight = 0;
    for (int i = 0; i < y.length; i++) {
      if (Double.isFinite(y[i])) {
        sum = keep * sum + y[i];
        weight = keep * weight + 1;
      }
      mean[i] = weight == 0 ? Double.NaN : sum / weight;
    }
    return new Series(name, x, mean, false);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Series s && name.equals(s.name) && Arrays.equals(x, s.x) && Arrays.equals(y, s.y) && noisy == s.noisy;
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(x) + Arrays.hashCode(y) + Boolean.hashCode(noisy);
  }

  @Override
  public String toString() {
    return "Series[" + name + ", " + x.length + " points]";
  }
}
