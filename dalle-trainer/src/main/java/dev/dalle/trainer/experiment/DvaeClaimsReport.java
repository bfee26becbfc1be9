package dev.dalle.trainer.experiment;

import dev.dalle.trainer.experiment.DvaeArmRun.Outcome;
import dev.dalle.trainer.report.Block;
import dev.dalle.trainer.report.Chart;
import dev.dalle.trainer.report.Fact;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.report.Metric;
import dev.dalle.trainer.report.MetricTable;
import dev.dalle.trainer.report.Report;
import dev.dalle.trainer.report.Section;
import dev.dalle.trainer.report.Series;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.LossCurve;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the trainings of the experiments say together. */
final class DvaeClaimsReport {
  private final List<DvaeClaim> claims;
  private final DvaeStageConfig paper;
  private final int seeds;
  private final List<DvaeArmRun> runs;

  DvaeClaimsReport(List<DvaeClaim> claims, DvaeStageConfig paper, int seeds, List<DvaeArmRun> runs) {
    this.claims = List.copyOf(claims);
    this.paper = paper;
    this.seeds = seeds;
    this.runs = List.copyOf(runs);
  }

  Report report() {
    List<Section> sections = claims.stream().map(this::section).collect(Collectors.toCollection(ArrayList::new));
    sections.add(numbers());
    return new Report("What the paper says of the dVAE", summary(), Instant.now(), settings(), Machine.current().facts(), sections);
  }

  private String summary() {
    return String.format(Locale.ROOT, "The same dVAE is trained as the paper says and with one thing otherwise, from %d %s each. Curves are means over seeds. Bounds are negative, "
        + "with beta 1, of held-out pictures: less is better. The gap is what the relaxed bound promises beyond the true one.", seeds, seeds == 1 ? "seed" : "seeds");
  }

  private List<Fact> settings() {
    return List.of(
        new Fact("pictures", paper.model().imageSize() + " x " + paper.model().imageSize() + ", " + runs.getFirst().data()),
        new Fact("tokens", paper.model().gridSize() + " x " + paper.model().gridSize() + " of " + paper.model().vocabulary() + " codes"),
        new Fact("networks", "base width " + paper.model().width() + ", " + paper.model().groups() + " groups of " + paper.model().blocksPerGroup() + ", "
            + (paper.model().encoderParameterCount() + paper.model().decoderParameterCount()) + " parameters"),
        new Fact("updates", paper.steps() + " of " + paper.batchSize() + " pictures, " + paper.compute()),
        new Fact("temperature", range(paper.temperatureStart(), paper.temperatureEnd(), paper.temperatureShare())),
        new Fact("beta", range(paper.betaStart(), paper.betaEnd(), paper.betaShare())),
        new Fact("step size", range(paper.stepSizeStart(), paper.stepSizeEnd(), 1)),
        new Fact("seeds", Integer.toString(seeds)), new Fact("threads", Integer.toString(runs.getFirst().threads())));
  }

  private static String range(double start, double end, double share) {
    return String.format(Locale.ROOT, "%s to %s over %.0f %% of the updates", number(start), number(end), 100 * share);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }

  private Section section(DvaeClaim claim) {
    String key = claim.name().toLowerCase(Locale.ROOT);
    List<DvaeArm> arms = Stream.concat(Stream.of(DvaeArm.PAPER), claim.others().stream()).toList();
    List<Block> blocks = List.of(
        new Chart(key + ".drawn", "True bound, negative", "update", "nats a value", series(arms, "held-out-drawn")),
        new Chart(key + ".gap", "Gap between the relaxed bound and the true one", "update", "nats a value", series(arms, "gap")),
        new Chart(key + ".perplexity", "Perplexity of the codes of a batch", "update", "codes", series(arms, "perplexity")));
    return new Section(claim.title(), "The claim: " + claim.words(), blocks);
  }

  private List<Series> series(List<DvaeArm> arms, String name) {
    return arms.stream().map(arm -> mean(arm, name)).toList();
  }

  private Series mean(DvaeArm arm, String name) {
    Map<Long, List<Double>> byStep = new TreeMap<>();
    for (DvaeArmRun run : of(arm)) {
      for (LossCurve.Point point : run.curve()) {
        value(point, name).ifPresent(value -> byStep.computeIfAbsent(point.step(), step -> new ArrayList<>()).add(value));
      }
    }
    double[] x = byStep.keySet().stream().mapToDouble(Long::doubleValue).toArray();
    double[] y = byStep.values().stream().mapToDouble(values -> values.stream().mapToDouble(Double::doubleValue).average().orElseThrow()).toArray();
    return new Series(arm.title(), x, y, name.equals("perplexity"));
  }

  private static Optional<Double> value(LossCurve.Point point, String name) {
    Map<String, Double> values = point.values();
    if (name.equals("gap")) {
      return values.containsKey("held-out-drawn") && values.containsKey("held-out-relaxed")
          ? Optional.of(values.get("held-out-drawn") - values.get("held-out-relaxed")) : Optional.empty();
    }
    return Optional.ofNullable(values.get(name));
  }

  private List<DvaeArmRun> of(DvaeArm arm) {
    return runs.stream().filter(run -> run.arm().equals(arm.key())).toList();
  }

  /** What is measured, in the order of the table. */
  private enum Quantity {
    DRAWN("true bound, negative", "nats a value", Outcome::drawn),
    GAP("gap to the relaxed bound at the last temperature", "nats a value", Outcome::gap),
    MOST_PROBABLE("negative log-likelihood from the most probable codes", "nats a value", Outcome::mostProbable),
    PSNR("PSNR from the most probable codes", "dB", Outcome::psnr),
    PERPLEXITY("perplexity of the most probable codes", "codes", Outcome::perplexity);

    private final String label;
    private final String unit;
    private final ToDoubleFunction<Outcome> value;

    Quantity(String label, String unit, ToDoubleFunction<Outcome> value) {
      this.label = label;
      this.unit = unit;
      this.value = value;
    }

    String key() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private Section numbers() {
    List<Block> tables = new ArrayList<>();
    List<DvaeArm> arms = Stream.concat(Stream.of(DvaeArm.PAPER), claims.stream().flatMap(claim -> claim.others().stream())).toList();
    for (DvaeArm arm : arms) {
      List<Metric> metrics = new ArrayList<>();
      for (Quantity quantity : Quantity.values()) {
        metrics.add(mean(arm, quantity));
        if (arm != DvaeArm.PAPER) {
          metrics.add(beside(arm, quantity));
        }
      }
      List<String> failures = of(arm).stream().flatMap(run -> run.failure().stream()).toList();
      metrics.add(new Metric(arm.key() + ".failed", "trainings that failed", failures.size(), "of " + of(arm).size(), String.join("; ", failures)));
      tables.add(new MetricTable(arm.title(), metrics));
    }
    return new Section("Numbers", "Of held-out pictures, from averaged weights; the differences are between trainings of the same seed.", tables);
  }

  private Metric mean(DvaeArm arm, Quantity quantity) {
    double[] values = of(arm).stream().flatMap(run -> run.outcome().stream()).mapToDouble(quantity.value).toArray();
    String all = Arrays.stream(values).mapToObj(DvaeClaimsReport::number).collect(Collectors.joining(", "));
    return new Metric(arm.key() + "." + quantity.key(), quantity.label, Arrays.stream(values).average().orElse(Double.NaN), quantity.unit,
        "seeds in order: " + all);
  }

  private Metric beside(DvaeArm arm, Quantity quantity) {
    Map<Long, Double> ours = bySeed(DvaeArm.PAPER, quantity);
    double[] differences = bySeed(arm, quantity).entrySet().stream().filter(entry -> ours.containsKey(entry.getKey()))
        .mapToDouble(entry -> entry.getValue() - ours.get(entry.getKey())).toArray();
    Spread spread = Spread.of(differences);
    return new Metric(arm.key() + "." + quantity.key() + "-beside-paper", "the same less that of the paper's way", spread.mean(), quantity.unit,
        "standard error " + number(spread.standardError()));
  }

  private Map<Long, Double> bySeed(DvaeArm arm, Quantity quantity) {
    Map<Long, Double> values = new TreeMap<>();
    of(arm).forEach(run -> run.outcome().ifPresent(outcome -> values.put(run.seed(), quantity.value.applyAsDouble(outcome))));
    return values;
  }
}
