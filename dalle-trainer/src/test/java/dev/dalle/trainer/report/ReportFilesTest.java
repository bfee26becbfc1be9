package dev.dalle.trainer.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The files stay in {@code target/example-report} to be looked at in a browser. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReportFilesTest {

  private final Report report = ExampleReport.make();
  private String html;
  private Document page;
  private JsonNode metrics;

  @BeforeAll
  void write() throws Exception {
    ReportFiles files = ReportFiles.in(Path.of("target/example-report"));
    files.write(report);
    html = Files.readString(files.html());
    page = parse(html);
    metrics = JsonMapper.shared().readTree(files.metrics().toFile());
  }

  @Test
  void thePageIsWellFormedAndRefersToNothingOutside() {
    NodeList all = page.getElementsByTagName("*");
    List<String> sources = new ArrayList<>();
    for (int i = 0; i < all.getLength(); i++) {
      Element element = (Element) all.item(i);
      assertFalse(List.of("script", "link", "iframe", "object", "base").contains(element.getTagName()), element.getTagName());
      assertFalse(element.hasAttribute("href"), element.getTagName());
      if (element.hasAttribute("src")) {
        sources.add(element.getAttribute("src"));
      }
    }
    assertEquals(8 * 5 + 12 * 2, sources.size());
    assertTrue(sources.stream().allMatch(s -> s.startsWith("data:image/png;base64,")));
    String style = page.getElementsByTagName("style").item(0).getTextContent();
    assertFalse(style.contains("url(") || style.contains("@import"));
    assertTrue(style.contains("prefers-color-scheme: dark") && style.contains("@media print"));
  }

  @Test
  void itIsLight() {
    // The pictures of the example are noise, which does not compress.
    String charts = html.replaceAll("data:image/png;base64,[^\"]*", "");
    assertTrue(charts.length() < 90_000, charts.length() + " characters without the pictures");
  }

  @Test
  void textsAreShownAsTheyAre() {
    assertEquals(report.title(), page.getElementsByTagName("h1").item(0).getTextContent());
    assertTrue(html.contains("thing 3 with a rather long name &amp; &lt;tags&gt;"));
  }

  @Test
  void everyNumberIsInBothFiles() {
    String text = page.getDocumentElement().getTextContent();
    List<Metric> all = report.blocks(MetricTable.class).flatMap(table -> table.metrics().stream()).toList();
    assertEquals(5, all.size());
    for (Metric metric : all) {
      JsonNode written = metrics.get("metrics").get(metric.key());
      if (Double.isNaN(metric.value())) {
        assertTrue(written.get("value").isNull());
        assertTrue(text.contains("not a number"));
      } else {
        assertEquals(metric.value(), written.get("value").doubleValue());
        assertTrue(text.contains(String.format(Locale.ROOT, "%.2f", metric.value()).substring(0, 3)), metric.key());
      }
    }
    assertTrue(metrics.get("metrics").get("dvae.psnr-gain").get("reached").booleanValue());
    assertFalse(metrics.get("metrics").get("dvae.perplexity").get("reached").booleanValue());
    assertEquals(128, metrics.get("metrics").get("dvae.perplexity").get("at-least").doubleValue());
    assertEquals(3, Pattern.compile("✓ reached|✗ missed").matcher(text).results().count());
  }

  @Test
  void seriesAndCountsAreCompleteForPrograms() {
    assertEquals("dalle-metrics", metrics.get("format").stringValue());
    assertEquals(1, metrics.get("version").intValue());
    assertEquals("emoji-tiny", metrics.get("settings").get("preset").stringValue());
    Chart loss = report.blocks(Chart.class).findFirst().orElseThrow();
    JsonNode written = metrics.get("charts").get("dvae.loss").get("series").get("train");
    assertEquals(3200, written.get("x").size());
    for (int i = 0; i < 3200; i += 13) {
      assertEquals(loss.series().getFirst().y(i), written.get("y").get(i).doubleValue());
    }
    JsonNode references = metrics.get("charts").get("transformer.loss").get("references");
    assertEquals(6.2383, references.get("uniform").doubleValue());
    assertTrue(references.get("never measured").isNull());
    assertEquals(null, metrics.get("charts").get("dvae.loss").get("references"));
    assertTrue(html.contains("uniform 6.238</span>"));
    JsonNode use = metrics.get("code-use").get("dvae.codes");
    assertEquals(512, use.get("counts").size());
    assertEquals(report.blocks(CodeUse.class).findFirst().orElseThrow().perplexity(), use.get("perplexity").doubleValue());
  }

  static Document parse(String html) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
    factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
    return factory.newDocumentBuilder().parse(new InputSource(new StringReader(html)));
  }
}
