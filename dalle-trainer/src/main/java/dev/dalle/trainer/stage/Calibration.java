package dev.dalle.trainer.stage;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunPresets.Candidate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Fits a run into a time: measures what an update of each stage takes on this machine, in 32 bits and, where the processor has it, in bfloat16, and takes the
 * largest preset whose stages get as many updates as they need to be worth it. Processors differ up to sevenfold, so nothing is assumed.
 */
public final class Calibration {
  /** Shares of the time for the two trainings; the rest is for tokens, drawing and measuring. */
  private static final double DVAE_SHARE = 0.34;
  private static final double TRANSFORMER_SHARE = 0.61;
  /** bfloat16 has to be worth its rounding. */
  private static final double BF16_GAIN = 1.1;
  /** A first update still compiles code; this much over the time allowed is no matter of warming up. */
  private static final double FAR_TOO_SLOW = 5;
  /** Share of the time that each of the measurements may take to warm up, and bounds for it in seconds. */
  private static final double WARM_UP_SHARE = 0.008;
  private static final double LEAST_WARM_UP = 1.5;
  private static final double MOST_WARM_UP = 8;
  /** Seconds of work that a kill may cost. */
  private static final double CHECKPOINT_SECONDS = 45;
  /** Tokens of a typical caption of the emoji drawings. */
  private static final int CAPTION_LENGTH = 18;

  private final Device device;
  private final List<String> notes = new ArrayList<>();
  private Timing.Effort effort = Timing.Effort.GLANCE;

  /** A calibration of one device. */
  public Calibration(Device device) {
    this.device = device;
  }

  /**
   * Chooses.
   *
   * @param candidates from the largest to the smallest; the last is taken if none fits
   * @param time left for everything after this
   * @return the run with types, updates and checkpoints set
   */
  public RunConfig fit(List<Candidate> candidates, Duration time) {
    long end = System.nanoTime() + time.toNanos();
    effort = new Timing.Effort(3, Math.clamp(WARM_UP_SHARE * time.toMillis() / 1e3, LEAST_WARM_UP, MOST_WARM_UP), 7);
    for (int i = 0; i < candidates.size(); i++) {
      Optional<RunConfig> fitted = fit(candidates.get(i), end, i == candidates.size() - 1);
      if (fitted.isPresent()) {
        return fitted.get();
      }
    }
    throw new IllegalArgumentException("candidates: expected at least one, got none");
  }

  /** Seconds until then, at least one: measuring takes time too. */
  private static double left(long end) {
    return Math.max(1, (end - System.nanoTime()) / 1e9);
  }

  /** What was measured and decided, in words. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  private Optional<RunConfig> fit(Candidate candidate, long end, boolean whatever) {
    RunConfig run = candidate.run();
    Optional<Choice> dvae = fastest("stage one of " + run.preset(), whatever ? Double.POSITIVE_INFINITY : DVAE_SHARE * left(end) / candidate.dvaeSteps(),
        compute -> new DvaeStage(run.dvae().withCompute(compute), run.seed(), device));
    if (dvae.isEmpty()) {
      return Optional.empty();
    }
    Optional<Choice> transformer = fastest("stage two of " + run.preset(),
        whatever ? Double.POSITIVE_INFINITY : TRANSFORMER_SHARE * left(end) / candidate.transformerSteps(),
        compute -> new TransformerTiming(new TransformerStage(run.transformer().withCompute(compute), run.seed(), device)));
    if (transformer.isEmpty()) {
      return Optional.empty();
    }
    Choice one = dvae.get();
    Choice two = transformer.get();
    double seconds = left(end);
    int dvaeSteps = steps(DVAE_SHARE * seconds, one.seconds());
    int transformerSteps = steps(TRANSFORMER_SHARE * seconds, two.seconds());
    notes.add(String.format(Locale.ROOT, "%s: %d updates of stage one, %d of stage two for %.0f s", run.preset(), dvaeSteps, transformerSteps,
        seconds));
    return Optional.of(run.with(run.dvae().withCompute(one.compute()).withSteps(dvaeSteps, interval(one.seconds(), dvaeSteps)),
        run.transformer().withCompute(two.compute()).withSteps(transformerSteps, interval(two.seconds(), transformerSteps))));
  }

  private static int steps(double budget, double seconds) {
    return (int) Math.clamp(budget / seconds, 20, 10_000_000);
  }

  private static int interval(double seconds, int steps) {
    return (int) Math.clamp(CHECKPOINT_SECONDS / seconds, 1, Math.max(1, steps));
  }

  private record Choice(Compute compute, double seconds) {}

  /** Something whose updates can be timed. */
  @FunctionalInterface
  interface Timed {
    double secondsPerStep(Timing.Effort effort);
  }

  /** Fixes the length of captions. */
  private record TransformerTiming(TransformerStage stage) implements Timed {
    @Override
    public double secondsPerStep(Timing.Effort effort) {
      return stage.secondsPerStep(CAPTION_LENGTH, effort);
    }
  }

  /**
   * The faster of the types; nothing if neither makes an update in the time allowed. One update tells when a stage is far too large to be measured well.
   */
  private Optional<Choice> fastest(String what, double allowed, Function<Compute, Timed> stages) {
    boolean hasBf16 = device.computesIn(DType.BF16);
    double once = stages.apply(hasBf16 ? Compute.BF16 : Compute.F32).secondsPerStep(Timing.Effort.GLANCE);
    if (once > FAR_TOO_SLOW * allowed) {
      notes.add(String.format(Locale.ROOT, "%s: about %.3f s an update, too slow for this time", what, once));
      return Optional.empty();
    }
    double f32 = stages.apply(Compute.F32).secondsPerStep(effort);
    Choice choice = new Choice(Compute.F32, f32);
    if (hasBf16) {
      double bf16 = stages.apply(Compute.BF16).secondsPerStep(effort);
      notes.add(String.format(Locale.ROOT, "%s: %.3f s an update in f32, %.3f s in bf16", what, f32, bf16));
      if (bf16 * BF16_GAIN < f32) {
        choice = new Choice(Compute.BF16, bf16);
      }
    } else {
      notes.add(String.format(Locale.ROOT, "%s: %.3f s an update in f32; the processor has no bf16", what, f32));
    }
    if (choice.seconds() > allowed) {
      notes.add(what + " is too slow for this time");
      return Optional.empty();
    }
    return Optional.of(choice);
  }
}
