package dev.dalle.trainer.report;

import static dev.dalle.trainer.report.Html.escape;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Draws heat maps as inline SVG: a cell's colour is the page's first one, its opacity says where between the least and the greatest value it lies. */
final class HeatMapSvg {
  private static final int WIDTH = 720;
  private static final int LEFT = 132;
  private static final int RIGHT = 14;
  private static final int TOP = 10;
  private static final int BOTTOM = 44;

  /** Columns and rows beyond these are drawn together, as the mean of those that lie in one place. */
  private static final int COLUMNS = 160;
  private static final int ROWS = 128;
  private static final int MOST_HEIGHT = 512;
  private static final int ROW_HEIGHT = 16;
  private static final int TEXT_HEIGHT = 13;
  private static final double FAINTEST = 0.04;

  private HeatMapSvg() {}

  static String map(HeatMap map) {
    int columns = Math.min(map.x().length, COLUMNS);
    int rows = Math.min(map.rows().size(), ROWS);
    double[][] cells = cells(map, rows, columns);
    double rowHeight = Math.min(ROW_HEIGHT, (double) MOST_HEIGHT / rows);
    double height = TOP + rows * rowHeight + BOTTOM;
    StringBuilder svg = new StringBuilder();
    svg.append(String.format(Locale.ROOT, "<svg class=\"chart heat\" viewBox=\"0 0 %d %s\" role=\"img\" aria-label=\"%s\">%n", WIDTH, number(height),
        escape(map.title())));
    Optional<double[]> range = range(cells);
    if (range.isEmpty()) {
      return svg.append(text(WIDTH / 2.0, height / 2, "middle", "no values to draw")).append("</svg>\n").toString();
    }
    double low = range.get()[0];
    double high = range.get()[1];
    double width = (double) (WIDTH - LEFT - RIGHT) / columns;
    for (int r = 0; r < rows; r++) {
      row(svg, cells[r], low, high, TOP + r * rowHeight, rowHeight, width);
    }
    names(svg, map, rows, rowHeight);
    foot(svg, map, height);
    return String.format(Locale.ROOT, "<div class=\"legend\"><span>%s: faint %s, full %s</span></div>%n", escape(map.valueLabel()), Numbers.show(low),
        Numbers.show(high)) + svg.append("</svg>\n");
  }

  /** Neighbours of equal opacity are one rectangle. */
  private static void row(StringBuilder svg, double[] values, double low, double high, double y, double height, double width) {
    int from = 0;
    while (from < values.length) {
      String opacity = opacity(values[from], low, high);
      int to = from + 1;
      while (to < values.length && opacity(values[to], low, high).equals(opacity)) {
        to++;
      }
      if (!opacity.isEmpty()) {
        svg.append(String.format(Locale.ROOT, "<rect class=\"cell\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" opacity=\"%s\"/>%n", number(LEFT + from * width),
            number(y), number((to - from) * width), number(height), opacity));
      }
      from = to;
    }
  }

  private static String opacity(double value, double low, double high) {
    if (!Double.isFinite(value)) {
      return "";
    }
    double share = high > low ? (value - low) / (high - low) : 1;
    return String.format(Locale.ROOT, "%.2f", FAINTEST + (1 - FAINTEST) * share);
  }

  private static void names(StringBuilder svg, HeatMap map, int rows, double rowHeight) {
    int every = (int) Math.ceil(TEXT_HEIGHT / rowHeight);
    for (int r = 0; r < rows; r += every) {
      String name = map.rows().get((int) ((long) r * map.rows().size() / rows)).name();
      svg.append(text(LEFT - 7, TOP + (r + 0.5) * rowHeight + 4, "end", name));
    }
  }

  private static void foot(StringBuilder svg, HeatMap map, double height) {
    double[] x = map.x();
    if (x.length > 1) {
      // A column's value stands for its middle.
      double half = (WIDTH - LEFT - RIGHT) / 2.0 / x.length;
      Axis axis = new Axis(x[0], x[x.length - 1], LEFT + half, WIDTH - RIGHT - half, false);
      for (double tick : axis.ticks(8)) {
        svg.append(text(axis.position(tick), height - BOTTOM + 17, "middle", Numbers.tick(tick)));
      }
    }
    svg.append(text((LEFT + WIDTH - RIGHT) / 2.0, height - 8, "middle", map.xLabel()));
  }

  private static double[][] cells(HeatMap map, int rows, int columns) {
    double[][] sums = new double[rows][columns];
    int[][] counts = new int[rows][columns];
    int rowCount = map.rows().size();
    int columnCount = map.x().length;
    for (int r = 0; r < rowCount; r++) {
      double[] values = map.rows().get(r).values();
      for (int c = 0; c < columnCount; c++) {
        if (Double.isFinite(values[c])) {
          int row = (int) ((long) r * rows / rowCount);
          int column = (int) ((long) c * columns / columnCount);
          sums[row][column] += values[c];
          counts[row][column]++;
        }
      }
    }
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        sums[r][c] = counts[r][c] == 0 ? Double.NaN : sums[r][c] / counts[r][c];
      }
    }
    return sums;
  }

  private static Optional<double[]> range(double[][] cells) {
    double[] finite = Arrays.stream(cells).flatMapToDouble(Arrays::stream).filter(Double::isFinite).sorted().toArray();
    return finite.length == 0 ? Optional.empty() : Optional.of(new double[] {finite[0], finite[finite.length - 1]});
  }

  private static String text(double x, double y, String anchor, String text) {
    return String.format(Locale.ROOT, "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>%n", number(x), number(y), anchor, escape(text));
  }

  private static String number(double value) {
    String text = String.format(Locale.ROOT, "%.2f", value);
    return text.replaceAll("\\.?0+$", "");
  }
}
