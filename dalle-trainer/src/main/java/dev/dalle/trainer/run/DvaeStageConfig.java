package dev.dalle.trainer.run;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.precision.schedule.CosineSchedule;
import dev.dalle.precision.schedule.LinearSchedule;
import dev.dalle.precision.schedule.Schedule;
import java.util.Objects;
import java.util.Optional;

/**
 * Stage one: training of the discrete VAE (Ramesh et al. 2021, arXiv 2102.12092, appendix A.2). The three schedules are half periods of a
 * cosine over a share of the run, unless the temperature's is said to be a line.
 *
 * @param model sizes and starting values
 * @param compute type of the convolutions
 * @param steps updates in all
 * @param batchSize pictures an update
 * @param stepSizeStart AdamW's step size at the start
 * @param stepSizeEnd and at the end
 * @param betaStart weight of the divergence at the start; the paper rises from 0, short runs fall from a high value
 * @param betaEnd and after its share of the run
 * @param betaShare that share
 * @param temperatureStart of the relaxation
 * @param temperatureEnd and after its share of the run
 * @param temperatureShare that share
 * @param weightDecay on weights of convolutions, multiplied by the step size
 * @param averageDecay of the moving average of parameters, every update
 * @param clipNorm greatest norm of all gradients together; larger ones are scaled down. The paper has none here
 * @param flip whether pictures are mirrored at random, as in the paper; not if they show text
 * @param augment whether pictures are cropped and resized at random (Listing 1); drawings that fill their frame lose parts
 * @param checkpointSteps updates from one checkpoint to the next
 * @param annealing the shape of the temperature's schedule; the paper's if none
 */
public record DvaeStageConfig(DvaeConfig model, Compute compute, int steps, int batchSize, double stepSizeStart, double stepSizeEnd,
    double betaStart, double betaEnd, double betaShare, double temperatureStart, double temperatureEnd, double temperatureShare,
    double weightDecay, double averageDecay, double clipNorm, boolean flip, boolean augment, int checkpointSteps,
    Optional<Annealing> annealing) {
  /** How the temperature falls. */
  public enum Annealing {
    /** Half a period of a cosine, as in the paper. */
    COSINE,
    /** A straight line, which the paper found to diverge. */
    LINEAR
  }

  /** Checks. */
  public DvaeStageConfig {
    Require.atLeast("steps", 1, steps);
    Require.atLeast("batchSize", 1, batchSize);
    Require.positive("stepSizeStart", stepSizeStart);
    Require.positive("stepSizeEnd", stepSizeEnd);
    Require.that(betaStart >= 0 && Double.isFinite(betaStart), "betaStart", "0 or more", betaStart);
    Require.that(betaEnd >= 0 && Double.isFinite(betaEnd), "betaEnd", "0 or more", betaEnd);
    Require.share("betaShare", betaShare);
    Require.positive("temperatureStart", temperatureStart);
    Require.positive("temperatureEnd", temperatureEnd);
    Require.share("temperatureShare", temperatureShare);
    Require.that(weightDecay >= 0 && Double.isFinite(weightDecay), "weightDecay", "0 or more", weightDecay);
    Require.that(averageDecay >= 0 && averageDecay < 1, "averageDecay", "a number from 0 to below 1", averageDecay);
    Require.positive("clipNorm", clipNorm);
    Require.atLeast("checkpointSteps", 1, checkpointSteps);
    Objects.requireNonNull(annealing, "annealing");
  }

  /** With the paper's shapes of schedules. */
  public DvaeStageConfig(DvaeConfig model, Compute compute, int steps, int batchSize, double stepSizeStart, double stepSizeEnd, double betaStart,
      double betaEnd, double betaShare, double temperatureStart, double temperatureEnd, double temperatureShare, double weightDecay,
      double averageDecay, double clipNorm, boolean flip, boolean augment, int checkpointSteps) {
    this(model, compute, steps, batchSize, stepSizeStart, stepSizeEnd, betaStart, betaEnd, betaShare, temperatureStart, temperatureEnd,
        temperatureShare, weightDecay, averageDecay, clipNorm, flip, augment, checkpointSteps, Optional.empty());
  }

  /** Step size over the whole run. */
  public CosineSchedule stepSize() {
    return new CosineSchedule(stepSizeStart, stepSizeEnd, steps);
  }

  /** Weight of the divergence. */
  public CosineSchedule beta() {
    return new CosineSchedule(betaStart, betaEnd, share(betaShare));
  }

  /** Temperature of the relaxation. */
  public Schedule temperature() {
    long updates = share(temperatureShare);
    return switch (annealing.orElse(Annealing.COSINE)) {
      case COSINE -> new CosineSchedule(temperatureStart, temperatureEnd, updates);
      case LINEAR -> new LinearSchedule(temperatureStart, temperatureEnd, updates);
    };
  }

  private long share(double part) {
    return Math.max(1, Math.round(part * steps));
  }

  /** The same for another number of updates; the decay of the average is shortened if the run is too short for it. */
  public DvaeStageConfig withSteps(int newSteps, int newCheckpointSteps) {
    return new DvaeStageConfig(model, compute, newSteps, batchSize, stepSizeStart, stepSizeEnd, betaStart, betaEnd, betaShare, temperatureStart,
        temperatureEnd, temperatureShare, weightDecay, Math.min(averageDecay, 1 - Math.min(1, 20.0 / newSteps)), clipNorm, flip, augment,
        newCheckpointSteps, annealing);
  }

  /** The same in another type. */
  public DvaeStageConfig withCompute(Compute newCompute) {
    return new DvaeStageConfig(model, newCompute, steps, batchSize, stepSizeStart, stepSizeEnd, betaStart, betaEnd, betaShare, temperatureStart,
        temperatureEnd, temperatureShare, weightDecay, averageDecay, clipNorm, flip, augment, checkpointSteps, annealing);
  }

  /** The same with another model. */
  public DvaeStageConfig withModel(DvaeConfig newModel) {
    return new DvaeStageConfig(newModel, compute, steps, batchSize, stepSizeStart, stepSizeEnd, betaStart, betaEnd, betaShare, temperatureStart,
        temperatureEnd, temperatureShare, weightDecay, averageDecay, clipNorm, flip, augment, checkpointSteps, annealing);
  }

  /** The same with another weight of the divergence, over the same share of the run. */
  public DvaeStageConfig withBeta(double start, double end) {
    return new DvaeStageConfig(model, compute, steps, batchSize, stepSizeStart, stepSizeEnd, start, end, betaShare, temperatureStart, temperatureEnd,
        temperatureShare, weightDecay, averageDecay, clipNorm, flip, augment, checkpointSteps, annealing);
  }

  /** The same with another temperature, over the same share of the run. */
  public DvaeStageConfig withTemperature(double start, double end, Optional<Annealing> shape) {
    return new DvaeStageConfig(model, compute, steps, batchSize, stepSizeStart, stepSizeEnd, betaStart, betaEnd, betaShare, start, end,
        temperatureShare, weightDecay, averageDecay, clipNorm, flip, augment, checkpointSteps, shape);
  }
}
