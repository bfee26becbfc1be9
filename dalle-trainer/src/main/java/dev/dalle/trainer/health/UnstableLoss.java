package dev.dalle.trainer.health;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** A step size that is too high: the loss rises again, or jumps. Compared with the stage's own past, because every run has its own scale. */
final class UnstableLoss implements Verdict {
  /** Fewer points show no trend. */
  private static final int LEAST_POINTS = 20;
  /** Of what a loss has fallen. Sound runs lose at most a twentieth of it again, when the weights of the loss change on schedule. */
  private static final double RISE = 0.25;
  /** Of the same. The largest jumps of single batches in sound runs are a fifth. */
  private static final double JUMP = 0.5;
  /** Some batches are odd. */
  private static final int JUMPS = 3;
  /** In nats. Where a loss has hardly fallen, so much is noise. */
  private static final double NOISE = 0.2;

  @Override
  public List<Finding> of(RunLog log) {
    List<Finding> findings = new ArrayList<>();
    for (StageLog stage : log.stages()) {
      double[] loss = stage.values("loss");
      if (loss.length >= LEAST_POINTS) {
        findings.add(finding(stage, loss));
      }
    }
    return findings;
  }

  private static Finding finding(StageLog stage, double[] loss) {
    String name = "loss of " + stage.name();
    int window = StageLog.window(loss.length);
    double start = Math.max(loss[0], StageLog.median(loss, 0, window));
    double best = IntStream.rangeClosed(1, loss.length / window).mapToDouble(i -> StageLog.median(loss, (i - 1) * window, i * window)).min().orElseThrow();
    double end = StageLog.end(loss);
    double fall = start - best;
    if (end - best > Math.max(RISE * fall, NOISE)) {
      return Finding.fault(name, String.format(Locale.ROOT, "%.2f at the start, %.2f at its best, %.2f now: it rises again, so the rate is too high", start,
          best, end), "halve " + stage.stepSizeText() + " and train in another folder");
    }
    long jumps = IntStream.range(window, loss.length)
        .filter(i -> loss[i] - StageLog.median(loss, i - window, i) > Math.max(JUMP * fall, NOISE)).count();
    if (jumps >= JUMPS) {
      return Finding.warning(name, String.format(Locale.ROOT, "%.2f at the start, %.2f now, with %d jumps of more than %.2f in %d points: the rate is at"
          + " its limit", start, end, jumps, Math.max(JUMP * fall, NOISE), loss.length), "lower " + stage.stepSizeText() + ", or "
          + stage.key() + ".clipNorm, and train in another folder");
    }
    return Finding.ok(name, String.format(Locale.ROOT, "%.2f at the start, %.2f now", start, end));
  }
}
