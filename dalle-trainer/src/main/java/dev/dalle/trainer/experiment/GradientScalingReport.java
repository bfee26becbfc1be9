package dev.dalle.trainer.experiment;

import dev.dalle.trainer.report.Chart;
import dev.dalle.trainer.report.Fact;
import dev.dalle.trainer.report.Machine;
import dev.dalle.trainer.report.Metric;
import dev.dalle.trainer.report.MetricTable;
import dev.dalle.trainer.report.Report;
import dev.dalle.trainer.report.Section;
import dev.dalle.trainer.report.Series;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What the runs of the experiment say together. */
final class GradientScalingReport {
  /** A 16-bit run is as good as one in 32 bits if its loss is within this share of that one's. */
  private static final double CLOSE = 0.01;

  private final GradientScalingConfig config;
  private final List<ScalingRun> runs;

  GradientScalingReport(GradientScalingConfig config, List<ScalingRun> runs) {
    this.config = config;
    this.runs = List.copyOf(runs);
  }

  Report report() {
    return new Report("Gradient scales", summary(), Instant.now(), settings(), Machine.current().facts(), List.of(losses(), depth(), numbers()));
  }

  private String summary() {
    return String.format(Locale.ROOT, "The same transformer of %d resblocks and width %d is trained from %d seeds in 32 bits, and with the inside of its resblocks in "
        + "fp16: under one scale for the loss, with PyTorch's rules and with the paper's, and under a scale for each resblock, with moments in 32 and in 16 bits. Losses "
        + "are means over the seeds.",
        2 * config.model().layers(), config.model().width(), config.seeds());
  }

  private List<Fact> settings() {
    return List.of(new Fact("layers", Integer.toString(config.model().layers())), new Fact("width", Integer.toString(config.model().width())),
        new Fact("gain of starting weights", Double.toString(config.model().initialisation().gain())), new Fact("updates", Integer.toString(config.steps())),
        new Fact("batch", Integer.toString(config.batchSize())), new Fact("step size", Double.toString(config.stepSize())),
        new Fact("seeds", Integer.toString(config.seeds())), new Fact("replicas", Integer.toString(config.replicas())));
  }

  private List<ScalingRun> of(ScalingArm arm) {
    return runs.stream().filter(run -> run.arm().equals(arm.key())).toList();
  }

  private static double mean(List<ScalingRun> runs, ToDoubleFunction<ScalingRun> value) {
    return runs.stream().mapToDouble(value).average().orElse(Double.NaN);
  }

  private Section losses() {
    List<Series> series = new ArrayList<>();
    for (ScalingArm arm : ScalingArm.values()) {
      double[] y = new double[config.steps()];
      Arrays.setAll(y, step -> mean(of(arm), run -> run.losses().get(step)));
      series.add(new Series(arm.title(), IntStream.rangeClosed(1, y.length).asDoubleStream().toArray(), y, true));
    }
    return new Section("Loss", "", List.of(new Chart("loss", "Loss in training", "update", "nats a token", series)));
  }

  private Section depth() {
    String text = "Blocks are counted from the input on. What is inside a block is everything between the gradient that comes along the stream and the one that goes "
        + "back to it. fp16 has fewer bits below 2^-14 the smaller a number is, and nothing below 2^-24.";
    return new Section("Gradients by depth", text, List.of(
        new Chart("zeros", "Gradients inside resblocks that are zero", "resblock", "share, %", byDepth(ScalingArm.values(), block -> 100 * block.zeros())),
        new Chart("subnormal", "Gradients inside resblocks below fp16's range of full precision", "resblock", "share, %",
            byDepth(sixteenBit(), block -> 100 * block.subnormal())),
        new Chart("incoming", "Gradient along the stream, unscaled", "resblock", "median of log2 |x|",
            byDepth(new ScalingArm[] {ScalingArm.F32}, ScalingRun.Block::log2Incoming)),
        new Chart("scales", "Scales at the end", "resblock", "log2", byDepth(sixteenBit(), ScalingRun.Block::log2Scale))));
  }

  private static ScalingArm[] sixteenBit() {
    return new ScalingArm[] {ScalingArm.LOSS, ScalingArm.LOSS_BY_BLOCK_RULES, ScalingArm.RESBLOCK, ScalingArm.RESBLOCK_MOMENTS};
  }

  private List<Series> byDepth(ScalingArm[] arms, ToDoubleFunction<ScalingRun.Block> value) {
    List<Series> series = new ArrayList<>();
    for (ScalingArm arm : arms) {
      double[] y = new double[2 * config.model().layers()];
      Arrays.setAll(y, block -> mean(of(arm), run -> value.applyAsDouble(run.blocks().get(block))));
      series.add(new Series(arm.title(), IntStream.rangeClosed(1, y.length).asDoubleStream().toArray(), y, false));
    }
    return series;
  }

  private Section numbers() {
    List<Metric> metrics = new ArrayList<>();
    for (ScalingArm arm : ScalingArm.values()) {
      String name = arm.title();
      metrics.add(new Metric(arm.key() + ".held-out", name + ": held-out loss", mean(of(arm), ScalingRun::heldOut), "nats a token", "mean over seeds, evaluated in "
          + "32 bits; from " + range(of(arm))));
      if (arm != ScalingArm.F32) {
        metrics.add(beside(arm, "held-out", "held-out loss", ScalingRun::heldOut));
        metrics.add(beside(arm, "last", "loss of the last tenth of training", ScalingRun::lastLoss));
        metrics.add(new Metric(arm.key() + ".zeros", name + ": gradients inside the later half of the blocks that are zero", 100 * mean(of(arm), run -> lateZeros(run)),
            "%", "in 32 bits " + String.format(Locale.ROOT, "%.3g", 100 * mean(of(ScalingArm.F32), run -> lateZeros(run)))));
        metrics.add(new Metric(arm.key() + ".skipped", name + ": updates skipped", 100 * mean(of(arm), run -> (double) run.skipped() / config.steps()), "%", ""));
      }
    }
    return new Section("Numbers", "", List.of(new MetricTable("", metrics)));
  }

  private static double lateZeros(ScalingRun run) {
    List<ScalingRun.Block> blocks = run.blocks();
    return blocks.subList(blocks.size() / 2, blocks.size()).stream().mapToDouble(ScalingRun.Block::zeros).average().orElseThrow();
  }

  private Metric beside(ScalingArm arm, String key, String what, ToDoubleFunction<ScalingRun> value) {
    double ratio = 100 * (mean(of(arm), value) / mean(of(ScalingArm.F32), value) - 1);
    Metric metric = new Metric(arm.key() + "." + key + "-beside-f32", arm.title() + ": " + what + " beside 32 bits", ratio, "%", "of the means over seeds");
    return arm == ScalingArm.LOSS || arm == ScalingArm.LOSS_BY_BLOCK_RULES ? metric : metric.withGoal(Metric.Goal.atMost(100 * CLOSE));
  }

  private static String range(List<ScalingRun> runs) {
    return String.format(Locale.ROOT, "%.4f to %.4f", runs.stream().mapToDouble(ScalingRun::heldOut).min().orElse(Double.NaN),
        runs.stream().mapToDouble(ScalingRun::heldOut).max().orElse(Double.NaN));
  }
}
