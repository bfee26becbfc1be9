package dev.dalle.trainer.stage;

import dev.dalle.attention.BlockRunner;
import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerLoss;
import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.ExponentialMovingAverage;
import dev.dalle.precision.optimizer.GlobalNorm;
import dev.dalle.precision.optimizer.MovingAverageConfig;
import dev.dalle.precision.schedule.Schedule;
import dev.dalle.tensor.CountingDevice;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.trainer.data.BatchLoader;
import dev.dalle.trainer.data.EpochOrder;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.StageClock;
import dev.dalle.trainer.run.TrainedWith;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Stage two: fits the prior over caption and image tokens with the discrete VAE fixed (Ramesh et al. 2021, arXiv 2102.12092, sections 2.2 and B.2).
 */
public final class TransformerStage {
  private static final long ORDER = 3;

  private final TransformerStageConfig config;
  private final long seed;
  private final Device device;

  /** A stage that has not begun. */
  public TransformerStage(TransformerStageConfig config, long seed, Device device) {
    this.config = config;
    this.seed = seed;
    this.device = device;
  }

  /**
   * Trains from the last checkpoint, or from the beginning, to the end, and writes the averaged weights.
   *
   * @param examples captions and image tokens to train on
   * @param checkpoint where the stage stands
   * @param weights written at the end
   * @param trainedWith recorded in them
   * @return the curves of the whole stage
   * @throws IOException if a file cannot be written; the last checkpoint stays
   * @throws TrainingException if a loss is not finite; {@code STAGE.failure.json} then says so
   */
  public LossCurve run(TokenExamples examples, Checkpoint checkpoint, Path weights, TrainedWith trainedWith, Progress progress) throws IOException {
    try (Scope scope = device.newScope(); TransformerTraining model = new TransformerTraining(config, seed, scope)) {
      LossCurve curve = new LossCurve(config.steps());
      StageClock clock = new StageClock();
      GradientLog gradients = new GradientLog();
      long done = checkpoint.restore(model, curve, clock);
      if (done > 0) {
        gradients.restore(checkpoint.folder(), done);
      }
      EpochOrder order = new EpochOrder(Philox.stream(seed, ORDER), examples.size());
      Unigram imageUnigram = examples.imageUnigram(config.model().imageVocabulary());
      Unigram textUnigram = examples.textUnigram(config.model().textVocabulary());
      try (Progress.Stage shown = progress.stage("train transformer", done, config.steps());
          BatchLoader<TokenBatch> batches = new BatchLoader<>(order, config.batchSize(), done, 4, 1,
              job -> examples.batch(job.indices(), config.bpeDropout(), config.captionDropout(), job.random()))) {
        for (long step = done + 1; step <= config.steps(); step++) {
          TokenBatch batch = batches.next();
          boolean costly = curve.wantsCostly(step);
          OptionalDouble shuffled = costly ? model.shuffled(batch) : OptionalDouble.empty();
          Map<String, Double> numbers = model.update(step, batch, curve.wants(step), costly);
          if (!numbers.isEmpty()) {
            curve.add(step, withReferences(numbers, batch, imageUnigram, textUnigram, shuffled));
          }
          if (model.followed().isPresent()) {
            gradients.add(step, model.followed().get());
          }
          shown.note(model.scaling());
          shown.step(step, curve.last("loss"), config.batchSize());
          if (step % config.checkpointSteps() == 0 && step < config.steps()) {
            model.describe(step, gradients);
            gradients.write(checkpoint.folder());
            checkpoint.save(step, model.state(), curve, clock);
          }
        }
      } catch (TrainingException e) {
        throw e.recorded(checkpoint, curve);
      }
      model.takeAverage();
      model.withModel(transformer -> ModelFiles.writeTransformer(weights, transformer, trainedWith));
      model.describe(config.steps(), gradients);
      gradients.write(checkpoint.folder());
      checkpoint.finish(config.steps(), curve, clock);
      return curve;
    }
  }

  /** The losses of a batch beside what guessing costs on the same tokens. */
  private static Map<String, Double> withReferences(Map<String, Double> losses, TokenBatch batch, Unigram imageUnigram, Unigram textUnigram,
      OptionalDouble shuffled) {
    Map<String, Double> all = new TreeMap<>(losses);
    all.put("image-unigram", imageUnigram.loss(Arrays.stream(batch.images())));
    all.put("text-unigram", textUnigram.loss(Arrays.stream(batch.captions())));
    shuffled.ifPresent(loss -> all.put("image-shuffled", loss));
    return all;
  }

  /**
   * Seconds an update takes on this machine, measured on made-up tokens.
   *
   * @param captionLength tokens a caption, at most what the model takes
   */
  public double secondsPerStep(int captionLength, Timing.Effort effort) {
    try (Scope scope = device.newScope(); TransformerTraining model = new TransformerTraining(config, seed, scope)) {
      TokenBatch batch = madeUp(Math.min(captionLength, config.model().maxCaptionLength()));
      return Timing.medianSeconds(effort, step -> model.update(step, batch, true, false));
    }
  }

  private TokenBatch madeUp(int captionLength) {
    Philox random = new Philox(seed, 0);
    int[][] captions = new int[config.batchSize()][captionLength];
    int[][] images = new int[config.batchSize()][config.model().imageLength()];
    for (int b = 0; b < captions.length; b++) {
      Arrays.setAll(captions[b], i -> random.nextInt(config.model().textVocabulary()));
      Arrays.setAll(images[b], i -> random.nextInt(config.model().imageVocabulary()));
    }
    return new TokenBatch(captions, images);
  }

  /** Bytes of device memory that updates take at most: parameters, gradients, moments, average and activations. Computes and allocates nothing. */
  public static long bytesNeeded(TransformerStageConfig config) {
    CountingDevice counting = new CountingDevice();
    TransformerStage stage = new TransformerStage(config, 0, counting);
    try (Scope scope = counting.newScope(); TransformerTraining model = new TransformerTraining(config, 0, scope)) {
      model.update(1, stage.madeUp(config.model().maxCaptionLength()), true, true);
    }
    return counting.peakBytes();
  }
}
