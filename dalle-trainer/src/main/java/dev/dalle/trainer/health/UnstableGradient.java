package dev.dalle.trainer.health;

import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.PrecisionConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Gradients that grow out of hand, which comes before a loss that does. */
final class UnstableGradient implements Verdict {
  /** Fewer points show no trend. */
  private static final int LEAST_POINTS = 20;
  /** The norm at the end over that of the whole stage. In sound runs it is 0.4 to 1.3; bursts of thirty at the start, which clipping is for, do not count. */
  private static final double GROWTH = 10;

  @Override
  public List<Finding> of(RunLog log) {
    List<Finding> findings = new ArrayList<>();
    for (StageLog stage : log.stages()) {
      double[] norms = stage.values("gradient");
      if (norms.length >= LEAST_POINTS) {
        findings.add(finding(stage, norms, scaled(stage, log)));
      }
    }
    return findings;
  }

  /** Whether updates are skipped now and then because a scale tries how far it can go. */
  private static boolean scaled(StageLog stage, RunLog log) {
    return stage == log.dvae() ? log.config().dvae().compute() == Compute.F16
        : log.config().transformer().precisionOrUsual().scaling() != PrecisionConfig.Scaling.NONE;
  }

  private static Finding finding(StageLog stage, double[] norms, boolean scaled) {
    String name = "gradient of " + stage.name();
    double usual = StageLog.median(norms, 0, norms.length);
    double end = StageLog.end(norms);
    if (end > GROWTH * usual) {
      return Finding.fault(name, String.format(Locale.ROOT, "norm %.3g now, %.3g over the whole stage: it explodes, and the loss will follow", end, usual),
          "halve " + stage.stepSizeText() + " and train in another folder");
    }
    long skipped = stage.curve().stream().filter(point -> !point.values().containsKey("gradient")).count();
    if (skipped > 0 && !scaled) {
      return Finding.warning(name, skipped + " of " + stage.curve().size() + " logged updates had a gradient that was not finite and were skipped",
          "lower " + stage.stepSizeText() + ", or use f32 in place of 16 bits in " + stage.key() + ".compute, and train in another folder");
    }
    return Finding.ok(name, String.format(Locale.ROOT, "norm %.3g now, %.3g over the whole stage", end, usual));
  }
}
