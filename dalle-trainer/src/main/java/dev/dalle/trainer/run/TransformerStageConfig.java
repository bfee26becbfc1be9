package dev.dalle.trainer.run;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.precision.schedule.WarmupCosineSchedule;
import dev.dalle.tensor.DType;
import dev.dalle.trainer.config.WhenMissing;
import java.util.Optional;

/**
 * Stage two: training of the transformer on captions and image tokens (Ramesh et al. 2021, arXiv 2102.12092, appendix B.2).
 *
 * @param model sizes and starting values
 * @param compute type of the products inside resblocks
 * @param steps updates in all
 * @param batchSize examples an update
 * @param stepSize AdamW's greatest step size, reached by a straight line
 * @param stepSizeEnd at the end, reached by half a period of a cosine in place of the paper's halvings by hand
 * @param warmupShare share of the run that the straight line takes
 * @param bpeDropout probability with which each merge of the tokenizer is left out in training
 * @param captionDropout probability with which an example's caption is left out of an update, so that the model learns pictures without a caption too and
 *     drawing can be guided; 0 in the paper. Files of before it was there are of runs without
 * @param weightDecay on matrices, multiplied by the step size
 * @param averageDecay of the moving average of parameters
 * @param averageInterval updates from one averaging to the next; the host keeps and makes the average beside the training, unless it is itself the device
 * @param clipNorm greatest norm of all gradients together
 * @param recompute whether only the inputs of blocks are kept and the rest is computed again on the way back
 * @param checkpointSteps updates from one checkpoint to the next
 * @param precision what is kept in 16 bits and how gradients are kept in range; if empty {@link PrecisionConfig#PLAIN}, with a scale for each resblock if the
 *     stage computes in fp16
 * @param halving when the step size is halved; if empty it follows the cosine
 */
public record TransformerStageConfig(TransformerConfig model, Compute compute, int steps, int batchSize, double stepSize, double stepSizeEnd,
    double warmupShare, double bpeDropout, @WhenMissing(0) double captionDropout, double weightDecay, double averageDecay, int averageInterval,
    double clipNorm, boolean recompute, int checkpointSteps, Optional<PrecisionConfig> precision, Optional<Halving> halving) {
  /** Checks. */
  public TransformerStageConfig {
    Require.atLeast("steps", 2, steps);
    Require.atLeast("batchSize", 1, batchSize);
    Require.positive("stepSize", stepSize);
    Require.positive("stepSizeEnd", stepSizeEnd);
    Require.share("warmupShare", warmupShare);
    Require.share("bpeDropout", bpeDropout);
    Require.share("captionDropout", captionDropout);
    Require.that(weightDecay >= 0 && Double.isFinite(weightDecay), "weightDecay", "0 or more", weightDecay);
    Require.that(averageDecay >= 0 && averageDecay < 1, "averageDecay", "a number from 0 to below 1", averageDecay);
    Require.atLeast("averageInterval", 1, averageInterval);
    Require.positive("clipNorm", clipNorm);
    Require.atLeast("checkpointSteps", 1, checkpointSteps);
    Require.that(compute != Compute.F32 || precision.isEmpty() || precision.get().weights() == PrecisionConfig.Weights.F32, "precision.weights",
        "f32 in a stage that computes in f32, or a 16-bit type in compute", "sixteen-bit");
  }

  /** With everything in 32 bits but what is computed with, or with a scale for each resblock if that is fp16; the step size follows a cosine. */
  public TransformerStageConfig(TransformerConfig model, Compute compute, int steps, int batchSize, double stepSize, double stepSizeEnd, double warmupShare,
      double bpeDropout, double captionDropout, double weightDecay, double averageDecay, int averageInterval, double clipNorm, boolean recompute,
      int checkpointSteps) {
    this(model, compute, steps, batchSize, stepSize, stepSizeEnd, warmupShare, bpeDropout, captionDropout, weightDecay, averageDecay, averageInterval, clipNorm,
        recompute, checkpointSteps, Optional.empty(), Optional.empty());
  }

  /** What is kept in 16 bits and how gradients are kept in range. */
  public PrecisionConfig precisionOrUsual() {
    return precision.orElseGet(() -> PrecisionConfig.usual(compute));
  }

  /** The type in which matrices of resblocks are kept. */
  public DType matrixType() {
    return precisionOrUsual().weights() == PrecisionConfig.Weights.F32 ? DType.F32 : compute.dtype();
  }

  /** Updates until the step size has its greatest value. */
  public long warmupSteps() {
    return Math.min(steps - 1, Math.round(warmupShare * steps));
  }

  /** Step size over the whole run, where it is not halved. */
  public WarmupCosineSchedule stepSizes() {
    return new WarmupCosineSchedule(stepSize, stepSizeEnd, warmupSteps(), steps);
  }

  /** The same for another number of updates; the average is shortened if the run is too short for it. */
  public TransformerStageConfig withSteps(int newSteps, int newCheckpointSteps) {
    double decay = Math.min(averageDecay, 1 - Math.min(1, 20.0 * averageInterval / newSteps));
    return new TransformerStageConfig(model, compute, newSteps, batchSize, stepSize, stepSizeEnd, warmupShare, bpeDropout, captionDropout, weightDecay,
        decay, averageInterval, clipNorm, recompute, newCheckpointSteps, precision, halving);
  }

  /** The same with another share of captions left out. */
  public TransformerStageConfig withCaptionDropout(double newCaptionDropout) {
    return new TransformerStageConfig(model, compute, steps, batchSize, stepSize, stepSizeEnd, warmupShare, bpeDropout, newCaptionDropout, weightDecay,
        averageDecay, averageInterval, clipNorm, recompute, checkpointSteps, precision, halving);
  }

  /** The same with other things in 16 bits. */
  public TransformerStageConfig withPrecision(PrecisionConfig newPrecision) {
    return new TransformerStageConfig(model, compute, steps, batchSize, stepSize, stepSizeEnd, warmupShare, bpeDropout, captionDropout, weightDecay,
        averageDecay, averageInterval, clipNorm, recompute, checkpointSteps, Optional.of(newPrecision), halving);
  }

  /** The same with a step size that is halved. */
  public TransformerStageConfig withHalving(Halving newHalving) {
    return new TransformerStageConfig(model, compute, steps, batchSize, stepSize, stepSizeEnd, warmupShare, bpeDropout, captionDropout, weightDecay,
        averageDecay, averageInterval, clipNorm, recompute, checkpointSteps, precision, Optional.of(newHalving));
  }

  /** The same in another type. */
  public TransformerStageConfig withCompute(Compute newCompute) {
    return new TransformerStageConfig(model, newCompute, steps, batchSize, stepSize, stepSizeEnd, warmupShare, bpeDropout, captionDropout, weightDecay,
        averageDecay, averageInterval, clipNorm, recompute, checkpointSteps, precision, halving);
  }
}
