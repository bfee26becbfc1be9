package dev.dalle.trainer.stage;

import dev.dalle.trainer.report.Block;
import dev.dalle.trainer.report.HeatMap;
import dev.dalle.trainer.report.Metric;
import dev.dalle.trainer.report.MetricTable;
import dev.dalle.trainer.report.Section;
import dev.dalle.trainer.run.LossCurve;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.IntStream;

/** What a report says of the gradients of stage two: scales over the updates, how large gradients are in each resblock, what was lost, and why updates were skipped. */
final class GradientSection {
  private static final String ZERO = "zero";
  private static final String NONFINITE = "not-finite";
  /** Parameters that are named one by one. */
  private static final int MOST_PARAMETERS = 20;

  private GradientSection() {}

  /** The section; empty if nothing is known. */
  static Optional<Section> of(List<LossCurve.Point> curve, Optional<GradientLog.Content> log) {
    List<Block> blocks = new ArrayList<>();
    log.filter(content -> content.skips().size() > 0 || content.blocks().stream().anyMatch(block -> block.elements() > 0))
        .ifPresent(content -> blocks.add(numbers(content)));
    scales(curve).ifPresent(blocks::add);
    log.ifPresent(content -> {
      histogram("transformer.gradients.incoming", "Gradient along the stream, update " + content.observedStep(), content, GradientLog.Block::incoming)
          .ifPresent(blocks::add);
      histogram("transformer.gradients.inside", "Gradients inside the resblocks, scaled, update " + content.observedStep(), content, GradientLog.Block::inside)
          .ifPresent(blocks::add);
    });
    return blocks.isEmpty() ? Optional.empty() : Optional.of(new Section("Stage two: gradients",
        "How large the elements of gradients are, by resblock. fp16 holds numbers from 2^-24 to 2^16 and has fewer bits below 2^-14; bfloat16 has the range of 32 bits.",
        blocks));
  }

  private static MetricTable numbers(GradientLog.Content log) {
    List<Metric> metrics = new ArrayList<>();
    metrics.add(new Metric("transformer.skipped", "updates skipped", log.skipped(), "updates", "of " + log.updates()));
    metrics.add(count("filtered", "values replaced by zero because they were not finite", log, block -> block.filtered() + block.leavingFiltered()));
    metrics.add(count("overflowed", "values that became infinite in 16 bits", log, GradientLog.Block::overflowed));
    metrics.add(count("underflowed", "values that became zero in 16 bits", log, GradientLog.Block::underflowed));
    log.nonfinite().entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed()).limit(MOST_PARAMETERS)
        .forEach(entry -> metrics.add(new Metric("transformer.nonfinite." + key(entry.getKey()), "gradient of " + entry.getKey() + " not finite", entry.getValue(),
            "updates", "")));
    return new MetricTable("", metrics);
  }

  private static Metric count(String key, String label, GradientLog.Content log, Function<GradientLog.Block, Long> value) {
    long sum = log.blocks().stream().mapToLong(value::apply).sum();
    String most = log.blocks().stream().max((a, b) -> Long.compare(value.apply(a), value.apply(b))).filter(block -> value.apply(block) > 0)
        .map(block -> "most of them at " + block.block() + ", " + value.apply(block)).orElse("");
    return new Metric("transformer." + key, label, sum, "values", most);
  }

  private static String key(String parameter) {
    return parameter.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]", "-");
  }

  private static Optional<Block> scales(List<LossCurve.Point> curve) {
    List<LossCurve.Point> points = curve.stream().filter(point -> point.values().keySet().stream().anyMatch(name -> name.startsWith(LoggedNumbers.SCALE))).toList();
    if (points.isEmpty()) {
      return Optional.empty();
    }
    List<String> names = points.getFirst().values().keySet().stream().filter(name -> name.startsWith(LoggedNumbers.SCALE)).sorted(GradientSection::byDepth).toList();
    double[] steps = points.stream().mapToDouble(LossCurve.Point::step).toArray();
    List<HeatMap.Row> rows = names.stream().map(name -> new HeatMap.Row(name.substring(LoggedNumbers.SCALE.length()),
        points.stream().mapToDouble(point -> point.values().getOrDefault(name, Double.NaN)).toArray())).toList();
    return Optional.of(new HeatMap("transformer.scales", "Gradient scales", "update", "log2 of the scale", steps, rows));
  }

  /** Layer 2 before layer 10, attention before the perceptron. */
  private static int byDepth(String a, String b) {
    return Arrays.compare(depth(a), depth(b));
  }

  private static int[] depth(String name) {
    String digits = name.replaceAll("\\D", "");
    return new int[] {digits.isEmpty() ? 0 : Integer.parseInt(digits), name.endsWith("attention") ? 0 : 1};
  }

  private static Optional<Block> histogram(String key, String title, GradientLog.Content log, Function<GradientLog.Block, Map<String, Long>> bins) {
    TreeMap<Integer, Long> all = new TreeMap<>();
    log.blocks().forEach(block -> numbered(bins.apply(block)).forEach((exponent, count) -> all.merge(exponent, count, Long::sum)));
    if (all.isEmpty()) {
      return Optional.empty();
    }
    int[] exponents = IntStream.rangeClosed(all.firstKey(), all.lastKey()).toArray();
    List<HeatMap.Row> rows = log.blocks().stream().map(block -> row(block.block(), bins.apply(block), exponents)).toList();
    return Optional.of(new HeatMap(key, title, "log2 of the absolute value", "share of a block's elements, %", Arrays.stream(exponents).asDoubleStream().toArray(),
        rows));
  }

  private static HeatMap.Row row(String block, Map<String, Long> bins, int[] exponents) {
    double total = Math.max(1, bins.values().stream().mapToLong(Long::longValue).sum());
    Map<Integer, Long> counts = numbered(bins);
    return new HeatMap.Row(block, Arrays.stream(exponents).mapToDouble(exponent -> 100 * counts.getOrDefault(exponent, 0L) / total).toArray());
  }

  private static Map<Integer, Long> numbered(Map<String, Long> bins) {
    Map<Integer, Long> counts = new TreeMap<>();
    bins.forEach((name, count) -> {
      if (!name.equals(ZERO) && !name.equals(NONFINITE)) {
        counts.put(Integer.valueOf(name), count);
      }
    });
    return counts;
  }
}
