package dev.dalle.trainer.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.report.Chart.Scale;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ChartSvgTest {

  private static final double NAN = Double.NaN;

  private static String draw(Scale scale, Series... series) throws Exception {
    String svg = ChartSvg.chart(new Chart("c", "a < b", "x & y", "y", scale, List.of(series)));
    ReportFilesTest.parse("<div>" + svg + "</div>");
    assertFalse(svg.contains("NaN") || svg.contains("Infinity"), svg);
    return svg;
  }

  private static Series line(double... y) {
    double[] x = new double[y.length];
    Arrays.setAll(x, i -> i);
    return new Series("line", x, y, false);
  }

  private static String path(String svg, String classes) {
    return Pattern.compile("class=\"" + classes + "\" d=\"([^\"]*)\"").matcher(svg).results().map(m -> m.group(1)).findFirst().orElse("");
  }

  /** The corners of the drawing area: x from 62 to 706; y from 256 up to 10, less a margin of 4 % of the range, 246 x 0.04 / 1.08. */
  @Test
  void pointsLieWhereTheyBelong() throws Exception {
    assertEquals("M62,246.9L62,246.9L384,19.1L706,246.9", path(draw(Scale.LINEAR, line(1, 3, 1)), "s0"));
    String logarithmic = path(draw(Scale.LOGARITHMIC, line(1, 10, 100)), "s0");
    double[] y = Pattern.compile(",([0-9.]+)").matcher(logarithmic).results().map(MatchResult.class::cast).mapToDouble(m -> Double.parseDouble(m.group(1))).toArray();
    assertEquals(y[1] - y[2], y[2] - y[3], 0.15, "equal ratios are equally far apart");
  }

  @Test
  void gapsAreLeft() throws Exception {
    assertEquals(2, path(draw(Scale.LINEAR, line(1, 2, NAN, 2, 1)), "s0").split("M").length - 1);
    assertEquals(2, path(draw(Scale.LOGARITHMIC, line(1, 2, -3, 2, 1)), "s0").split("M").length - 1);
    assertEquals(2, path(draw(Scale.LINEAR, line(1, 2, Double.POSITIVE_INFINITY, 2, 1)), "s0").split("M").length - 1);
  }

  @Test
  void whatCannotBeDrawnIsSaid() throws Exception {
    assertTrue(draw(Scale.LINEAR, line()).contains("no values to draw"));
    assertTrue(draw(Scale.LINEAR, line(NAN, NAN)).contains("no values to draw"));
    assertTrue(draw(Scale.LOGARITHMIC, line(0, -1)).contains("no values to draw"));
  }

  @Test
  void oneValueAndEqualValuesAreDrawn() throws Exception {
    assertFalse(path(draw(Scale.LINEAR, line(5)), "s0").isEmpty());
    assertFalse(path(draw(Scale.LINEAR, line(0, 0, 0)), "s0").isEmpty());
    assertFalse(path(draw(Scale.LOGARITHMIC, line(7, 7)), "s0").isEmpty());
  }

  @Test
  void aLongCurveIsThinnedWithoutLosingItsPeaks() throws Exception {
    double[] y = new double[100_003];
    y[70_001] = 1;
    y[20_000] = -1;
    String path = path(draw(Scale.LINEAR, line(y)), "s0");
    assertTrue(path.length() < 20_000, path.length() + " characters");
    assertTrue(path.contains(",19.1") && path.contains(",246.9"), "peak and trough");
  }

  /** The first loss, ten times the others, does not press them into a line. */
  @Test
  void theFirstStepsOfANoisyCurveMayLeaveTheDrawing() throws Exception {
    double[] y = new double[500];
    Arrays.setAll(y, i -> i == 0 ? 50 : 5 - i / 250.0);
    double[] x = line(y).x();
    String svg = draw(Scale.LINEAR, new Series("loss", x, y, true));
    assertTrue(svg.contains(">4</text>") && !svg.contains(">10</text>"), svg);
    assertFalse(path(svg, "faint s0").isEmpty());
    assertFalse(path(svg, "s0").isEmpty());
  }

  /** A line across the whole width, inside the drawing even where the curve does not come near it. */
  @Test
  void referenceLinesLieAtTheirValues() throws Exception {
    Chart chart = new Chart("c", "", "", "", List.of(line(1, 2, 1))).withReferences(new ReferenceLine("a < b", 3), new ReferenceLine("middle", 2));
    String svg = ChartSvg.chart(chart);
    ReportFilesTest.parse("<div>" + svg + "</div>");
    assertEquals("M62,19.1H706", path(svg, "reference s1"));
    assertEquals("M62,133H706", path(svg, "reference s2"));
    assertEquals("M62,246.9L62,246.9L384,133L706,246.9", path(svg, "s0"));
    assertTrue(svg.contains("<i class=\"dashed b1\"></i>a &lt; b 3</span>") && svg.contains("middle 2</span>"), svg);
  }

  @Test
  void aReferenceLineThatIsNoNumberIsNotDrawn() throws Exception {
    for (Scale scale : Scale.values()) {
      String svg = ChartSvg.chart(new Chart("c", "", "", "", scale, List.of(line(1, 2, 3))).withReferences(new ReferenceLine("unknown", NAN)));
      ReportFilesTest.parse("<div>" + svg + "</div>");
      assertEquals("", path(svg, "reference s1"));
      assertTrue(svg.contains("unknown not a number</span>"), svg);
    }
    String below = ChartSvg.chart(new Chart("c", "", "", "", Scale.LOGARITHMIC, List.of(line(1, 2))).withReferences(new ReferenceLine("zero", 0)));
    assertEquals("", path(below, "reference s1"));
    String alone = ChartSvg.chart(new Chart("c", "", "", "", List.of(line(NAN))).withReferences(new ReferenceLine("one", 1)));
    assertTrue(alone.contains("no values to draw"), alone);
  }

  @Test
  void ticksAreRoundAndInside() {
    assertEquals(List.of(0.0, 500.0, 1000.0, 1500.0), new Axis(0, 1900, 0, 1, false).ticks(5));
    assertEquals(List.of(-0.02, 0.0, 0.02, 0.04), new Axis(-0.03, 0.05, 0, 1, false).ticks(5));
    assertEquals(List.of(0.1, 1.0, 10.0, 100.0), new Axis(0.1, 100, 0, 1, true).ticks(5));
    assertEquals(List.of(1.0, 2.0, 5.0, 10.0, 20.0), new Axis(0.9, 30, 0, 1, true).ticks(5));
    assertEquals("0.3", Numbers.tick(3 * 0.1));
    assertEquals("3000", Numbers.tick(3_000));
    assertEquals("2e7", Numbers.tick(2e7));
  }

  @Test
  void codesAreSortedByUse() throws Exception {
    String svg = ChartSvg.codeUse(new CodeUse("c", "codes", new long[] {1, 0, 7, 2}));
    ReportFilesTest.parse("<div>" + svg + "</div>");
    double[] heights = Pattern.compile("V([0-9.]+)H").matcher(svg.substring(svg.indexOf("class=\"area\""))).results().mapToDouble(m -> 256 - Double.parseDouble(m.group(1))).toArray();
    assertEquals(4, heights.length);
    assertEquals(7, heights[0] / heights[2], 0.05);
    assertEquals(2, heights[1] / heights[2], 0.05);
    assertEquals(0, heights[3]);
    ReportFilesTest.parse("<div>" + ChartSvg.codeUse(new CodeUse("c", "codes", new long[8192])) + "</div>");
  }
}
