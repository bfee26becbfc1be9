package dev.dalle.trainer.report;

import static dev.dalle.trainer.report.Html.escape;

import dev.dalle.trainer.report.Metric.Bound;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** Writes a report as one HTML page that is also well-formed XML and refers to nothing outside itself. */
final class HtmlReport {

  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'").withZone(ZoneOffset.UTC);

  private final StringBuilder html = new StringBuilder(1 << 16);

  private HtmlReport() {}

  static String write(Report report) {
    HtmlReport page = new HtmlReport();
    page.page(report);
    return page.html.toString();
  }

  private void page(Report report) {
    html.append("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    html.append("<title>").append(escape(report.title())).append("</title>\n<style>\n").append(style()).append("</style>\n</head>\n<body>\n");
    html.append("<header><h1>").append(escape(report.title())).append("</h1>\n");
    html.append("<p class=\"muted\">").append(TIME.format(report.created())).append("</p>\n");
    paragraph(report.summary());
    html.append("</header>\n");
    for (Section section : report.sections()) {
      html.append("<section>\n<h2>").append(escape(section.title())).append("</h2>\n");
      paragraph(section.text());
      section.blocks().forEach(this::block);
      html.append("</section>\n");
    }
    html.append("<section class=\"facts\">\n");
    facts("Settings", report.settings());
    facts("Hardware", report.hardware());
    html.append("</section>\n</body>\n</html>\n");
  }

  private void block(Block block) {
    switch (block) {
      case MetricTable table -> table(table);
      case Chart chart -> figure(chart.title(), ChartSvg.chart(chart));
      case HeatMap map -> figure(map.title(), HeatMapSvg.map(map));
      case CodeUse use ->
          figure(
              use.title()
                  + ": "
                  + use.used()
                  + " of "
                  + use.counts().length
                  + " codes in use, perplexity "
                  + Numbers.show(use.perplexity()),
              ChartSvg.codeUse(use));
      case PictureRows rows -> rows(rows);
      case DrawnGrid grid -> grid(grid);
    }
  }

  private void paragraph(String text) {
    if (!text.isBlank()) {
      html.append("<p>").append(escape(text)).append("</p>\n");
    }
  }

  private void heading(String title) {
    if (!title.isBlank()) {
      html.append("<h3>").append(escape(title)).append("</h3>\n");
    }
  }

  private void figure(String caption, String content) {
    html.append("<figure>\n<figcaption>").append(escape(caption)).append("</figcaption>\n").append(content).append("</figure>\n");
  }

  private void facts(String title, List<Fact> facts) {
    if (facts.isEmpty()) {
      return;
    }
    html.append("<div>\n<h2>").append(title).append("</h2>\n<table class=\"plain\">\n");
    for (Fact fact : facts) {
      html.append("<tr><th>").append(escape(fact.name())).append("</th><td>").append(escape(fact.value())).append("</td></tr>\n");
    }
    html.append("</table>\n</div>\n");
  }

  private void table(MetricTable table) {
    heading(table.title());
    html.append("<table>\n<thead><tr><th>measure</th><th class=\"number\">value</th><th>goal</th><th>how it was obtained</th></tr></thead>\n<tbody>\n");
    for (Metric metric : table.metrics()) {
      html.append("<tr><td>").append(escape(metric.label())).append("</td><td class=\"number\">").append(Numbers.show(metric.value()));
      if (!metric.unit().isBlank()) {
        html.append(" <span class=\"muted\">").append(escape(metric.unit())).append("</span>");
      }
      html.append("</td><td>").append(goal(metric)).append("</td><td class=\"muted\">").append(escape(metric.how())).append("</td></tr>\n");
    }
    html.append("</tbody>\n</table>\n");
  }

  private static String goal(Metric metric) {
    Optional<Metric.Goal> goal = metric.goal();
    if (goal.isEmpty()) {
      return "";
    }
    boolean reached = goal.get().reachedBy(metric.value());
    return "<span class=\""
        + (reached ? "good" : "bad")
        + "\">"
        + (reached ? "✓ reached" : "✗ missed")
        + "</span> "
        + (goal.get().bound() == Bound.AT_LEAST ? "≥ " : "≤ ")
        + Numbers.tick(goal.get().limit());
  }

  private void rows(PictureRows rows) {
    heading(rows.title());
    html.append("<p class=\"muted\">Each: ").append(escape(String.join(", ", rows.columns()))).append(".</p>\n<div class=\"cards\">\n");
    for (PictureRows.Row row : rows.rows()) {
      html.append("<figure class=\"card\">");
      for (int i = 0; i < row.pictures().size(); i++) {
        picture(row.pictures().get(i), rows.columns().get(i) + (row.caption().isBlank() ? "" : ": " + row.caption()), 128, "");
      }
      caption(row.caption());
      html.append("</figure>\n");
    }
    html.append("</div>\n");
  }

  private void grid(DrawnGrid grid) {
    heading(grid.title());
    html.append("<p class=\"muted\">The framed picture is the true one; the others were drawn from the words alone.</p>\n<div class=\"cards\">\n");
    for (DrawnGrid.Drawing drawing : grid.drawings()) {
      html.append("<figure class=\"card\">");
      picture(drawing.truth(), "true picture: " + drawing.caption(), 96, "truth");
      for (PngPicture drawn : drawing.drawn()) {
        picture(drawn, "drawn: " + drawing.caption(), 96, "");
      }
      caption(drawing.caption());
      html.append("</figure>\n");
    }
    html.append("</div>\n");
  }

  private void caption(String caption) {
    if (!caption.isBlank()) {
      html.append("<figcaption>").append(escape(caption)).append("</figcaption>");
    }
  }

  /** Shows a picture about {@code pixels} wide, small ones enlarged. */
  private void picture(PngPicture picture, String description, int pixels, String classes) {
    int longest = Math.max(picture.width(), picture.height());
    int width = Math.max(1, Math.round(picture.width() * (pixels / (float) longest)));
    int height = Math.max(1, Math.round(picture.height() * (pixels / (float) longest)));
    html.append("<img width=\"").append(width).append("\" height=\"").append(height).append('"');
    if (!classes.isEmpty()) {
      html.append(" class=\"").append(classes).append('"');
    }
    String text = escape(description);
    html.append(" alt=\"").append(text).append("\" title=\"").append(text).append("\" src=\"").append(picture.dataUri()).append("\"/>");
  }

  private static String style() {
    try (InputStream in = HtmlReport.class.getResourceAsStream("report.css")) {
      if (in == null) {
        throw new IllegalStateException("report.css is missing beside " + HtmlReport.class.getName());
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
