package dev.dalle.trainer.stage;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.RunConfig;
import dev.dalle.trainer.run.RunPresets.Candidate;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Fits a run into a time: measures what an update of each stage takes on this machine, in 32 bits and, where the processor has it, in bfloat16, and takes the
 * largest preset whose stages get as many updates as they need to be worth it. Processors differ up to sevenfold, so nothing is assumed.
 */
public final class Calibration {
  /** Shares of the time for the two trainings; the rest is for tokens, drawing and measuring. */
  private static final double DVAE_SHARE = 0.42;
  private static final double TRANSFORMER_SHARE = 0.42;
  /** bfloat16 has to be worth its rounding. */
  private static final double BF16_GAIN = 1.1;
  /** Updates that are thrown away: the first ones compile code. */
  private static final int WARM_UP = 6;
  private static final int COUNTED = 5;
  /** Seconds of work that a kill may cost. */
  private static final double CHECKPOINT_SECONDS = 45;
  /** Tokens of a typical caption of the emoji drawings. */
  private static final int CAPTION_LENGTH = 18;

  private final Device device;
  private final List<String> notes = new ArrayList<>();

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
    long begin = System.nanoTime();
    for (int i = 0; i < candidates.size(); i++) {
      Candidate candidate = candidates.get(i);
      double left = Math.max(1, time.toNanos() / 1e9 - (System.nanoTime() - begin) / 1e9);
      boolean last = i == candidates.size() - 1;
      Optional<RunConfig> fitted = fit(candidate, left, last);
      if (fitted.isPresent()) {
        return fitted.get();
      }
    }
    throw new IllegalArgumentException("candidates: expected at least one, got none");
  }

  /** What was measured and decided, in words. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  private Optional<RunConfig> fit(Candidate candidate, double seconds, boolean whatever) {
    RunConfig run = candidate.run();
    double dvaeBudget = DVAE_SHARE * seconds;
    Choice dvae = fastest("stage one of " + run.preset(),
        compute -> new DvaeStage(run.dvae().withCompute(compute), run.seed(), device));
    if (!whatever && dvae.seconds() * candidate.dvaeSteps() > dvaeBudget) {
      notes.add(run.preset() + " is too large for this time");
      return Optional.empty();
    }
    double transformerBudget = TRANSFORMER_SHARE * seconds;
    Choice transformer = fastest("stage two of " + run.preset(),
        compute -> new TransformerTiming(new TransformerStage(run.transformer().withCompute(compute), run.seed(), device)));
    if (!whatever && transformer.seconds() * candidate.transformerSteps() > transformerBudget) {
      notes.add(run.preset() + " is too large for this time");
      return Optional.empty();
    }
    int dvaeSteps = steps(dvaeBudget, dvae.seconds());
    int transformerSteps = steps(transformerBudget, transformer.seconds());
    DvaeStageConfig one = run.dvae().withCompute(dvae.compute()).withSteps(dvaeSteps, interval(dvae.seconds(), dvaeSteps));
    TransformerStageConfig two =
        run.transformer().withCompute(transformer.compute()).withSteps(transformerSteps, interval(transformer.seconds(), transformerSteps));
    notes.add(String.format(Locale.ROOT, "%s: %d updates of stage one, %d of stage two for %.0f s", run.preset(), dvaeSteps, transformerSteps,
        seconds));
    return Optional.of(run.with(one, two));
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
    double secondsPerStep(int warmUp, int counted);
  }

  /** Fixes the length of captions. */
  private record TransformerTiming(TransformerStage stage) implements Timed {
    @Override
    public double secondsPerStep(int warmUp, int counted) {
      return stage.secondsPerStep(CAPTION_LENGTH, warmUp, counted);
    }
  }

  /** The faster of the types. */
  private Choice fastest(String what, java.util.function.Function<Compute, Timed> stages) {
    Timed plain = stages.apply(Compute.F32);
    double f32 = plain.secondsPerStep(WARM_UP, COUNTED);
    if (!device.computesIn(DType.BF16)) {
      notes.add(String.format(Locale.ROOT, "%s: %.3f s an update in f32; the processor has no bf16", what, f32));
      return new Choice(Compute.F32, f32);
    }
    double bf16 = stages.apply(Compute.BF16).secondsPerStep(WARM_UP, COUNTED);
    notes.add(String.format(Locale.ROOT, "%s: %.3f s an update in f32, %.3f s in bf16", what, f32, bf16));
    return bf16 * BF16_GAIN < f32 ? new Choice(Compute.BF16, bf16) : new Choice(Compute.F32, f32);
  }
}
