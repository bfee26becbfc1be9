package dev.dalle.trainer.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a value lies between two ends of a drawing.
 *
 * @param low value at {@code start}
 * @param high value at {@code end}, above {@code low}
 * @param start in drawing units
 * @param end in drawing units; may be less than {@code start}
 * @param logarithmic whether equal ratios, not equal differences, are equally far apart; {@code low} is positive then
 */
record Axis(double low, double high, double start, double end, boolean logarithmic) {

  /** An axis over a range of values, widened so that nothing lies on the rim; a range without extent gets some. */
  static Axis over(double low, double high, double start, double end, boolean logarithmic, double margin) {
    if (logarithmic) {
      double ratio = Math.max(Math.pow(high / low, margin), 1.05);
      return new Axis(low / ratio, high * ratio, start, end, true);
    }
    double pad = high > low ? (high - low) * margin : Math.max(Math.abs(high) * 0.05, 0.5);
    return new Axis(low - pad, high + pad, start, end, false);
  }

  double position(double value) {
    double share = logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return start + share * (end - start);
  }

  /** Round values inside the range, about {@code count} of them. */
  List<Double> ticks(int count) {
    return logarithmic ? decades() : multiples(count);
  }

  private List<Double> multiples(int count) {
    double rough = (high - low) / count;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
    List<Double> ticks = new ArrayList<>();
    for (double i = Math.ceil(low / step); i * step <= high; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }

  private List<Double> decades() {
    int[] steps = high / low > 300 ? new int[] {1} : high / low > 8 ? new int[] {1, 2, 5} : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9};
    List<Double> ticks = new ArrayList<>();
    for (int decade = (int) Math.floor(Math.log10(low)); decade <= Math.ceil(Math.log10(high)); decade++) {
      for (int step : steps) {
        double tick = Double.parseDouble(step + "e" + decade);
        if (tick >= low && tick <= high) {
          ticks.add(tick);
        }
      }
    }
    return ticks;
  }
}
