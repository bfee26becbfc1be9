package dev.dalle.trainer.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the numbers of a report for programs. Format {@code dalle-metrics}, version 1: {@code metrics} by key with value, unit
 * and goal, {@code charts} by key with the points of every series and the values of reference lines, {@code heat-maps} by key with
 * the values of every row, {@code code-use} by key with the counts. What is no number (NaN, infinite) is null.
 */
final class MetricsJson {

  static final String FORMAT = "dalle-metrics";
  static final int VERSION = 1;

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private MetricsJson() {}

  static String write(Report report) {
    ObjectNode root = NODES.objectNode();
    root.put("format", FORMAT);
    root.put("version", VERSION);
    root.put("title", report.title());
    root.put("created", report.created().toString());
    root.set("settings", facts(report.settings()));
    root.set("hardware", facts(report.hardware()));
    ObjectNode metrics = root.putObject("metrics");
    report.blocks(MetricTable.class).flatMap(table -> table.metrics().stream()).forEach(m -> metrics.set(m.key(), metric(m)));
    ObjectNode charts = root.putObject("charts");
    report.blocks(Chart.class).forEach(chart -> charts.set(chart.key(), chart(chart)));
    ObjectNode maps = root.putObject("heat-maps");
    report.blocks(HeatMap.class).forEach(map -> maps.set(map.key(), map(map)));
    ObjectNode codeUse = root.putObject("code-use");
    report.blocks(CodeUse.class).forEach(use -> codeUse.set(use.key(), use(use)));
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));
    return MAPPER.writer().with(printer).writeValueAsString(root) + "\n";
  }

  /** The numbers under {@code metrics} by key; what is no number is left out. */
  static Map<String, Double> read(Path file) throws IOException {
    JsonNode root;
    try {
      root = MAPPER.readTree(Files.readString(file));
    } catch (JacksonException e) {
      throw new IOException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
    String format = root.path("format").asString("none");
    int version = root.path("version").asInt(0);
    if (!format.equals(FORMAT) || version != VERSION) {
      throw new IOException(file + ": expected format " + FORMAT + " version " + VERSION + ", found " + format + " version " + version);
    }
    Map<String, Double> numbers = new LinkedHashMap<>();
    root.path("metrics").propertyStream().filter(metric -> metric.getValue().path("value").isNumber())
        .forEach(metric -> numbers.put(metric.getKey(), metric.getValue().path("value").doubleValue()));
    return numbers;
  }

  private static ObjectNode facts(List<Fact> facts) {
    Map<String, String> byName = new LinkedHashMap<>();
    facts.forEach(fact -> byName.put(fact.name(), fact.value()));
    ObjectNode node = NODES.objectNode();
    byName.forEach(node::put);
    return node;
  }

  private static ObjectNode metric(Metric metric) {
    ObjectNode node = NODES.objectNode();
    node.put("label", metric.label());
    number(node, "value", metric.value());
    node.put("unit", metric.unit());
    node.put("how", metric.how());
    metric
        .goal()
        .ifPresent(
            goal -> {
              number(node, goal.bound() == Metric.Bound.AT_LEAST ? "at-least" : "at-most", goal.limit());
              node.put("reached", goal.reachedBy(metric.value()));
            });
    return node;
  }

  private static ObjectNode chart(Chart chart) {
    ObjectNode node = NODES.objectNode();
    node.put("title", chart.title());
    node.put("x", chart.xLabel());
    node.put("y", chart.yLabel());
    ObjectNode all = node.putObject("series");
    for (Series series : chart.series()) {
      ObjectNode one = all.putObject(series.name());
      one.set("x", numbers(series.x()));
      one.set("y", numbers(series.y()));
    }
    if (!chart.references().isEmpty()) {
      ObjectNode references = node.putObject("references");
      chart.references().forEach(line -> number(references, line.name(), line.value()));
    }
    return node;
  }

  private static ObjectNode map(HeatMap map) {
    ObjectNode node = NODES.objectNode();
    node.put("title", map.title());
    node.put("x-label", map.xLabel());
    node.put("value", map.valueLabel());
    node.set("x", numbers(map.x()));
    ObjectNode rows = node.putObject("rows");
    map.rows().forEach(row -> rows.set(row.name(), numbers(row.values())));
    return node;
  }

  private static ObjectNode use(CodeUse use) {
    ObjectNode node = NODES.objectNode();
    node.put("title", use.title());
    node.put("codes", use.counts().length);
    node.put("used", use.used());
    node.put("perplexity", use.perplexity());
    ArrayNode counts = node.putArray("counts");
    for (long count : use.counts()) {
      counts.add(count);
    }
    return node;
  }

  private static void number(ObjectNode node, String key, double value) {
    if (Double.isFinite(value)) {
      node.put(key, value);
    } else {
      node.putNull(key);
    }
  }

  private static ArrayNode numbers(double[] values) {
    ArrayNode array = NODES.arrayNode();
    for (double value : values) {
      if (Double.isFinite(value)) {
        array.add(value);
      } else {
        array.addNull();
      }
    }
    return array;
  }
}
