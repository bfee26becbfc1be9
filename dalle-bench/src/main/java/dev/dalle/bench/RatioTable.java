package dev.dalle.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.util.Statistics;

/**
 * Our time over libtorch's for every benchmark: below 1 ours is faster. A ratio is one of medians, or of minima, within one round. Medians are what a quiet
 * machine is judged by; minima still mean something on a busy one.
 */
final class RatioTable {
  private static final String SIDE = "side";

  /**
   * The times of one side in one round, in microseconds.
   *
   * @param median of all calls
   * @param least of all calls
   */
  record Times(double median, double least) {}

  private final Map<String, List<Map<Side, Times>>> rounds = new TreeMap<>();
  private int roundCount;

  /** Adds a round's results; benchmarks without sides, whose own table is JMH's, are passed over. */
  void addRound(Collection<RunResult> results) {
    roundCount++;
    for (RunResult result : results) {
      if (!result.getParams().getParamsKeys().contains(SIDE)) {
        continue;
      }
      Statistics statistics = result.getPrimaryResult().getStatistics();
      add(name(result.getParams()), Side.valueOf(result.getParams().getParam(SIDE)), new Times(statistics.getPercentile(50), statistics.getMin()));
    }
  }

  /** Adds the times of one side to the last round; the first addition starts the first round. */
  void add(String benchmark, Side side, Times times) {
    List<Map<Side, Times>> own = rounds.computeIfAbsent(benchmark, key -> new ArrayList<>());
    if (own.isEmpty() || own.getLast().containsKey(side)) {
      own.add(new EnumMap<>(Side.class));
    }
    own.getLast().put(side, times);
  }

  /** The benchmark's class and its parameters, the side excepted. */
  private static String name(BenchmarkParams params) {
    String[] path = params.getBenchmark().split("\\.");
    String parameters = params.getParamsKeys().stream().filter(key -> !key.equals(SIDE)).map(params::getParam).map(RatioTable::readable)
        .collect(Collectors.joining(" "));
    return path[path.length - 2].replace("Benchmark", "") + " " + parameters;
  }

  private static String readable(String value) {
    return switch (value) {
      case "true" -> "gradient";
      case "false" -> "forward";
      default -> value.toLowerCase(Locale.ROOT).replace('_', ' ');
    };
  }

  /** The table, one line a benchmark. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("Medians over ").append(roundCount).append(roundCount == 1 ? " round" : " rounds").append("; microseconds a call.\n\n");
    text.append("| benchmark | ours | libtorch | ratio of medians (range) | ratio of minima |\n|---|---:|---:|---:|---:|\n");
    rounds.forEach((benchmark, own) -> {
      List<Map<Side, Times>> whole = own.stream().filter(round -> round.size() == Side.values().length).toList();
      if (!whole.isEmpty()) {
        text.append(line(benchmark, whole));
      }
    });
    return text.toString();
  }

  private static String line(String benchmark, List<Map<Side, Times>> rounds) {
    double[] ours = rounds.stream().mapToDouble(round -> round.get(Side.OURS).median()).toArray();
    double[] libtorch = rounds.stream().mapToDouble(round -> round.get(Side.LIBTORCH).median()).toArray();
    double[] medians = rounds.stream().mapToDouble(round -> round.get(Side.OURS).median() / round.get(Side.LIBTORCH).median()).sorted().toArray();
    double[] minima = rounds.stream().mapToDouble(round -> round.get(Side.OURS).least() / round.get(Side.LIBTORCH).least()).toArray();
    return String.format(Locale.ROOT, "| %s | %.0f | %.0f | %.2f (%.2f-%.2f) | %.2f |%n", benchmark, median(ours), median(libtorch), median(medians),
        medians[0], medians[medians.length - 1], median(minima));
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
