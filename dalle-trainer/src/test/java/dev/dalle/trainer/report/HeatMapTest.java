package dev.dalle.trainer.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HeatMapTest {
  private static final double NAN = Double.NaN;

  private static HeatMap map(double[] x, HeatMap.Row... rows) {
    return new HeatMap("m", "a < b", "update", "scale & more", x, List.of(rows));
  }

  private static String draw(HeatMap map) throws Exception {
    String svg = HeatMapSvg.map(map);
    ReportFilesTest.parse("<div>" + svg + "</div>");
    assertFalse(svg.contains("NaN") || svg.contains("Infinity"), svg);
    return svg;
  }

  private static List<String> cells(String svg) {
    return Pattern.compile("class=\"cell\" x=\"([^\"]*)\" y=\"([^\"]*)\" width=\"([^\"]*)\" height=\"[^\"]*\" opacity=\"([^\"]*)\"").matcher(svg).results()
        .map(m -> m.group(1) + "," + m.group(2) + "," + m.group(3) + "," + m.group(4)).toList();
  }

  /** Columns share the place from 132 to 706; rows are 16 high from 10 on. */
  @Test
  void cellsLieWhereTheyBelongAndSayHowMuch() throws Exception {
    List<String> cells = cells(draw(map(new double[] {1, 2}, new HeatMap.Row("a", new double[] {0, 1}), new HeatMap.Row("b", new double[] {0.5, NAN}))));
    assertEquals(List.of("132,10,287,0.04", "419,10,287,1.00", "132,26,287,0.52"), cells);
  }

  @Test
  void equalNeighboursAreOneRectangleAndOneValueIsFull() throws Exception {
    assertEquals(List.of("132,10,574,1.00"), cells(draw(map(new double[] {1, 2, 3}, new HeatMap.Row("a", new double[] {7, 7, 7})))));
    assertEquals(List.of("132,10,574,1.00"), cells(draw(map(new double[] {5}, new HeatMap.Row("a", new double[] {-3})))));
  }

  @Test
  void whatCannotBeDrawnIsSaid() throws Exception {
    assertTrue(draw(map(new double[] {1}, new HeatMap.Row("a", new double[] {NAN}))).contains("no values to draw"));
  }

  @Test
  void manyRowsAndColumnsStayLight() throws Exception {
    double[] x = new double[1000];
    Arrays.setAll(x, i -> i);
    List<HeatMap.Row> rows = new ArrayList<>();
    for (int r = 0; r < 300; r++) {
      double[] values = new double[x.length];
      int row = r;
      Arrays.setAll(values, i -> Math.sin(row * 0.1 + i * 0.01));
      rows.add(new HeatMap.Row("block " + r, values));
    }
    String svg = draw(new HeatMap("m", "t", "x", "y", x, rows));
    assertTrue(cells(svg).size() <= 128 * 160, cells(svg).size() + " cells");
    assertTrue(svg.contains(">block 0<"));
  }

  @Test
  void itsNumbersAreForProgramsToo() {
    Report report = new Report("t", "", Instant.EPOCH, List.of(), List.of(),
        List.of(new Section("s", "", List.of(map(new double[] {1, 2}, new HeatMap.Row("a", new double[] {0.25, NAN}))))));
    JsonNode written = JsonMapper.shared().readTree(MetricsJson.write(report)).get("heat-maps").get("m");
    assertEquals(2, written.get("x").get(1).doubleValue());
    assertEquals(0.25, written.get("rows").get("a").get(0).doubleValue());
    assertTrue(written.get("rows").get("a").get(1).isNull());
    assertTrue(HtmlReport.write(report).contains("class=\"cell\""));
  }

  @Test
  void badValuesAreRefused() {
    HeatMap.Row row = new HeatMap.Row("a", new double[] {1});
    assertTrue(assertThrows(IllegalArgumentException.class, () -> map(new double[] {})).getMessage().contains("at least one column"));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> map(new double[] {1})).getMessage().contains("one row, got 1 and 0"));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> map(new double[] {2, 1}, row)).getMessage().contains("got 1.0 at 1"));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> map(new double[] {1, 2}, row)).getMessage().contains("expected 2 values like x, got 1"));
    assertTrue(assertThrows(IllegalArgumentException.class, () -> map(new double[] {1}, row, row)).getMessage().contains("different names"));
  }
}
