package dev.dalle.trainer.report;

import static dev.dalle.trainer.report.Html.escape;

import dev.dalle.trainer.report.Chart.Scale;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Draws charts as inline SVG whose colours come from the page's style sheet, so that they follow light and dark.
 *
 * <p>Written out here, and not left to a charting library, because those measure text with AWT, which fails where no font is
 * installed, as on a server that has a JDK and nothing else; the browser places the text instead.
 */
final class ChartSvg {

  private static final int WIDTH = 720;
  private static final int HEIGHT = 300;
  private static final int LEFT = 62;
  private static final int RIGHT = 14;
  private static final int TOP = 10;
  private static final int BOTTOM = 44;

  /** A curve is drawn with at most two points for each of so many columns, its least and its greatest value there. */
  private static final int COLUMNS = 400;

  private ChartSvg() {}

  /** The chart with its legend. */
  static String chart(Chart chart) {
    boolean logarithmic = chart.scale() == Scale.LOGARITHMIC;
    Optional<double[]> xRange = xRange(chart);
    Optional<double[]> yRange = yRange(chart, logarithmic);
    StringBuilder svg = new StringBuilder();
    svg.append("<div class=\"legend\">");
    for (int i = 0; i < chart.series().size(); i++) {
      svg.append("<span><i class=\"b").append(i).append("\"></i>").append(escape(chart.series().get(i).name())).append("</span>");
    }
    for (int i = 0; i < chart.references().size(); i++) {
      ReferenceLine line = chart.references().get(i);
      svg.append("<span><i class=\"dashed b").append(chart.series().size() + i).append("\"></i>").append(escape(line.name())).append(' ')
          .append(Numbers.show(line.value())).append("</span>");
    }
    svg.append("</div>\n").append(open(chart.title()));
    if (xRange.isEmpty() || yRange.isEmpty()) {
      svg.append(text(WIDTH / 2.0, HEIGHT / 2.0, "middle", "no values to draw"));
      return svg.append("</svg>\n").toString();
    }
    Axis x = Axis.over(xRange.get()[0], xRange.get()[1], LEFT, WIDTH - RIGHT, false, 0);
    Axis y = Axis.over(yRange.get()[0], yRange.get()[1], HEIGHT - BOTTOM, TOP, logarithmic, 0.04);
    frame(svg, x, y, chart.xLabel(), chart.yLabel());
    // A nested svg clips what lies outside the range; clip paths would need identifiers that are unique in the page.
    svg.append(String.format(Locale.ROOT, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"%d %d %d %d\">%n",
        LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM));
    for (int i = 0; i < chart.references().size(); i++) {
      reference(svg, chart.references().get(i), y, "reference s" + (chart.series().size() + i));
    }
    for (int i = 0; i < chart.series().size(); i++) {
      Series series = chart.series().get(i);
      if (series.noisy()) {
        curve(svg, series, x, y, "faint s" + i);
      }
    }
    for (int i = 0; i < chart.series().size(); i++) {
      Series series = chart.series().get(i);
      curve(svg, series.noisy() ? series.mean() : series, x, y, "s" + i);
    }
    return svg.append("</svg>\n</svg>\n").toString();
  }

  /** Codes in descending order of use, against the share that each would have if all were used equally. */
  static String codeUse(CodeUse use) {
    long[] sorted = use.counts();
    Arrays.sort(sorted);
    int codes = sorted.length;
    double total = Math.max(1, Arrays.stream(sorted).sum());
    double highest = 100 * sorted[codes - 1] / total;
    double even = 100.0 / codes;
    Axis x = Axis.over(0, codes, LEFT, WIDTH - RIGHT, false, 0);
    Axis y = new Axis(0, Math.max(highest, even) * 1.08, HEIGHT - BOTTOM, TOP, false);
    StringBuilder svg = new StringBuilder(open(use.title()));
    frame(svg, x, y, "codes, the most used first", "share of all tokens, %");
    svg.append("<path class=\"area\" d=\"M").append(number(x.position(0))).append(',').append(number(y.position(0)));
    int bars = Math.min(codes, COLUMNS);
    for (int bar = 0; bar < bars; bar++) {
      int from = (int) ((long) bar * codes / bars);
      int to = (int) ((long) (bar + 1) * codes / bars);
      double sum = 0;
      for (int rank = from; rank < to; rank++) {
        sum += sorted[codes - 1 - rank];
      }
      double height = y.position(100 * sum / (to - from) / total);
      svg.append('V').append(number(height)).append('H').append(number(x.position(to)));
    }
    svg.append('V').append(number(y.position(0))).append("Z\"/>\n");
    svg.append(String.format(Locale.ROOT, "<path class=\"even\" d=\"M%s,%sH%s\"/>%n", number(x.position(0)), number(y.position(even)), number(x.position(codes))));
    svg.append(text(WIDTH - RIGHT - 4, y.position(even) - 5, "end", "used equally"));
    return svg.append("</svg>\n").toString();
  }

  private static String open(String title) {
    return String.format(
        Locale.ROOT, "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n", WIDTH, HEIGHT, escape(title));
  }

  private static void frame(StringBuilder svg, Axis x, Axis y, String xLabel, String yLabel) {
    StringBuilder grid = new StringBuilder();
    StringBuilder labels = new StringBuilder();
    for (double tick : y.ticks(5)) {
      grid.append('M').append(LEFT).append(',').append(number(y.position(tick))).append('H').append(WIDTH - RIGHT);
      labels.append(text(LEFT - 7, y.position(tick) + 4, "end", Numbers.tick(tick)));
    }
    for (double tick : x.ticks(8)) {
      grid.append('M').append(number(x.position(tick))).append(',').append(TOP).append('V').append(HEIGHT - BOTTOM);
      labels.append(text(x.position(tick), HEIGHT - BOTTOM + 17, tick >= x.high() * 0.99 ? "end" : "middle", Numbers.tick(tick)));
    }
    svg.append("<path class=\"grid\" d=\"").append(grid).append("\"/>\n").append(labels);
    svg.append(text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", xLabel));
    double middle = (TOP + HEIGHT - BOTTOM) / 2.0;
    svg.append(String.format(Locale.ROOT, "<text transform=\"translate(13,%s) rotate(-90)\" text-anchor=\"middle\">%s</text>%n", number(middle), escape(yLabel)));
  }

  private static void curve(StringBuilder svg, Series series, Axis x, Axis y, String classes) {
    StringBuilder path = new StringBuilder();
    boolean gap = true;
    int i = 0;
    while (i < series.length()) {
      // All points of one column, or one point if points are farther apart.
      int column = column(series, i, x);
      int least = -1;
      int greatest = -1;
      for (; i < series.length() && column(series, i, x) == column; i++) {
        double value = series.y(i);
        if (drawable(value, y)) {
          least = least < 0 || value < series.y(least) ? i : least;
          greatest = greatest < 0 || value > series.y(greatest) ? i : greatest;
        }
      }
      if (least >= 0) {
        point(path, series, Math.min(least, greatest), x, y, gap);
        if (least != greatest) {
          point(path, series, Math.max(least, greatest), x, y, false);
        }
      }
      gap = least < 0;
    }
    if (!path.isEmpty()) {
      svg.append("<path class=\"").append(classes).append("\" d=\"").append(path).append("\"/>\n");
    }
  }

  private static void reference(StringBuilder svg, ReferenceLine line, Axis y, String classes) {
    if (drawable(line.value(), y)) {
      svg.append("<path class=\"").append(classes).append("\" d=\"M").append(LEFT).append(',').append(number(y.position(line.value()))).append('H')
          .append(WIDTH - RIGHT).append("\"/>\n");
    }
  }

  /** A single point is a line of no length, which round ends make visible. */
  private static void point(StringBuilder path, Series series, int i, Axis x, Axis y, boolean gap) {
    String place = number(x.position(series.x(i))) + "," + number(y.position(series.y(i)));
    path.append(gap ? "M" + place + "L" : "L").append(place);
  }

  private static int column(Series series, int i, Axis x) {
    return (int) ((series.x(i) - x.low()) / (x.high() - x.low()) * COLUMNS);
  }

  private static boolean drawable(double value, Axis y) {
    return Double.isFinite(value) && (!y.logarithmic() || value > 0);
  }

  private static Optional<double[]> xRange(Chart chart) {
    double[] all = chart.series().stream().flatMapToDouble(s -> Arrays.stream(s.x())).toArray();
    Arrays.sort(all);
    return all.length == 0 ? Optional.empty() : Optional.of(new double[] {all[0], all[all.length - 1]});
  }

  /**
   * Everything of smooth curves and of reference lines; of noisy ones all but the outermost values. The first steps of a training lie far above all
   * others and would press the rest of the curve into a line; they leave the drawing at its upper rim.
   */
  private static Optional<double[]> yRange(Chart chart, boolean logarithmic) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    for (Series series : chart.series()) {
      double[] sorted = Arrays.stream(series.y()).filter(v -> Double.isFinite(v) && (!logarithmic || v > 0)).sorted().toArray();
      if (sorted.length > 0) {
        low = Math.min(low, sorted[series.noisy() ? sorted.length / 200 : 0]);
        high = Math.max(high, sorted[sorted.length - 1 - (series.noisy() ? sorted.length / 100 : 0)]);
      }
    }
    for (ReferenceLine line : chart.references()) {
      if (low <= high && Double.isFinite(line.value()) && (!logarithmic || line.value() > 0)) {
        low = Math.min(low, line.value());
        high = Math.max(high, line.value());
      }
    }
    return low <= high ? Optional.of(new double[] {low, high}) : Optional.empty();
  }

  private static String text(double x, double y, String anchor, String text) {
    return String.format(Locale.ROOT, "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>%n", number(x), number(y), anchor, escape(text));
  }

  private static String number(double value) {
    String text = String.format(Locale.ROOT, "%.1f", value);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }
}
