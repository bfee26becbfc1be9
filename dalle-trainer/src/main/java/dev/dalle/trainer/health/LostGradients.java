package dev.dalle.trainer.health;

import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.stage.LoggedNumbers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Gradient scales that cannot keep up, updates that are skipped too often, and moments that their format cannot hold. */
final class LostGradients implements Verdict {
  private static final String NAME = "gradient scales";
  /** The paper skips about one update in twenty; a run that skips this share learns from few of its batches. */
  private static final double MANY = 0.25;
  private static final int LEAST_POINTS = 10;

  @Override
  public List<Finding> of(RunLog log) {
    List<Finding> findings = new ArrayList<>();
    List<LossCurve.Point> curve = log.transformer().curve();
    if (log.config().transformer().precisionOrUsual().scaling() != PrecisionConfig.Scaling.NONE && curve.size() >= LEAST_POINTS) {
      findings.add(scales(log, curve));
    }
    double[] beyond = log.transformer().values("moments-beyond");
    if (beyond.length > 0) {
      findings.add(moments(beyond[beyond.length - 1]));
    }
    return findings;
  }

  private static Finding scales(RunLog log, List<LossCurve.Point> curve) {
    LossCurve.Point last = curve.getLast();
    LossCurve.Point before = curve.get(curve.size() - Math.max(2, curve.size() / 4));
    double skips = last.values().getOrDefault("skipped", 0.0) - before.values().getOrDefault("skipped", 0.0);
    double share = skips / Math.max(1, last.step() - before.step());
    String smaller = "lower " + log.transformer().stepSizeText() + ", or use bf16 or f32 in transformer.compute, and train in another folder";
    if (share > MANY) {
      return Finding.fault(NAME, String.format(Locale.ROOT, "%.0f of the last %d updates were skipped because gradients were not finite", skips,
          last.step() - before.step()), smaller);
    }
    double least = Math.log(GradientScaleConfig.paper(1).least()) / Math.log(2);
    List<String> stuck = last.values().entrySet().stream().filter(entry -> entry.getKey().startsWith(LoggedNumbers.SCALE) && entry.getValue() <= least + 1e-9)
        .map(Map.Entry::getKey).map(name -> name.substring(LoggedNumbers.SCALE.length())).sorted().toList();
    if (log.config().transformer().precisionOrUsual().scaling() == PrecisionConfig.Scaling.RESBLOCK && !stuck.isEmpty()) {
      return Finding.fault(NAME, String.format(Locale.ROOT, "as small as they may be, 2^%.0f, in %s: gradients there are not finite however they are scaled", least,
          String.join(", ", stuck)), smaller);
    }
    return Finding.ok(NAME, String.format(Locale.ROOT, "%.1f %% of the latest updates skipped", 100 * share));
  }

  private static Finding moments(double beyond) {
    return beyond == 0 ? Finding.ok("moments", "all within their format")
        : Finding.warning("moments", String.format(Locale.ROOT, "%.0f values at the end of what their format holds, or not finite", beyond),
            "look at the norm of the gradient in the report: one far too large came through; go on from a checkpoint before it, or clip at a smaller "
                + "transformer.clipNorm");
  }
}
