package dev.dalle.trainer.experiment;

import dev.dalle.attention.TokenBatch;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.trainer.config.ConfigJson;
import dev.dalle.trainer.data.BatchLoader;
import dev.dalle.trainer.data.EpochOrder;
import dev.dalle.trainer.files.AtomicFiles;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.run.TransformerStageConfig;
import dev.dalle.trainer.stage.TransformerTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Trains the same deep, narrow transformer with gradients in 32 bits, in fp16 under one scale and in fp16 under a scale for each resblock, and looks at what becomes
 * zero (Ramesh et al. 2021, arXiv 2102.12092, section 2.4 and appendix D). Each run that is over leaves a file, and is not made again.
 */
final class GradientScalingExperiment {
  /** Streams of random numbers. */
  private static final long ORDER = 41;
  /** Updates that are looked at in a run, about. */
  private static final int OBSERVED = 20;
  private static final int BATCH = 32;

  private final GradientScalingConfig config;
  private final Device device;
  private final Path folder;
  private final Progress progress;

  GradientScalingExperiment(GradientScalingConfig config, Device device, Path folder, Progress progress) {
    this.config = config;
    this.device = device;
    this.folder = folder;
    this.progress = progress;
  }

  /**
   * Makes all runs that are not there yet.
   *
   * @return all, seed after seed
   * @throws IOException if a file cannot be written
   * @throws dev.dalle.trainer.config.ConfigException if the folder holds runs of another configuration
   */
  List<ScalingRun> run(ExperimentTokens tokens) throws IOException {
    List<ScalingRun> runs = new ArrayList<>();
    for (long seed = 1; seed <= config.seeds(); seed++) {
      for (ScalingArm arm : ScalingArm.values()) {
        Optional<ScalingRun> found = read(file(arm, seed));
        ScalingRun run = found.isPresent() ? found.get() : train(tokens, arm, seed);
        if (found.isEmpty()) {
          Files.createDirectories(folder);
          AtomicFiles.writeString(file(arm, seed), ConfigJson.write(run));
        }
        runs.add(run);
      }
    }
    return runs;
  }

  private Path file(ScalingArm arm, long seed) {
    return folder.resolve(arm.key() + "-" + seed + ".json");
  }

  private Optional<ScalingRun> read(Path file) {
    Optional<ScalingRun> found = StoredRuns.read(file, ScalingRun.class, ScalingRun.FORMAT, ScalingRun.VERSION);
    // More seeds may be added to what is there.
    found.ifPresent(run -> StoredRuns.require(file, run.config().withSeeds(config.seeds()), config));
    return found;
  }

  private TransformerStageConfig stage(ScalingArm arm) {
    PrecisionConfig precision = new PrecisionConfig(PrecisionConfig.Scaling.NONE, arm.moments(), PrecisionConfig.Weights.F32, ValueUpdate.MASTER_COPY);
    return new TransformerStageConfig(config.model(), arm.compute(), config.steps(), config.batchSize(), config.stepSize(), config.stepSize() / 100, 0.1, 0, 0, 4.5e-2,
        0.9, 25, 4, false, config.steps(), Optional.of(precision), Optional.empty());
  }

  private ScalingRun train(ExperimentTokens tokens, ScalingArm arm, long seed) throws IOException {
    long start = System.nanoTime();
    try (Scope scope = device.newScope(); TransformerTraining training = new TransformerTraining(stage(arm), seed, scope,
        (owner, parameters, blocks) -> arm.scaler(owner, parameters, blocks, config.replicas()))) {
      EpochOrder order = new EpochOrder(Philox.stream(seed, ORDER), tokens.training().size());
      SeenGradients seen = new SeenGradients(training.scaler().blocks());
      List<Double> losses = new ArrayList<>();
      int interval = Math.max(1, config.steps() / OBSERVED);
      try (Progress.Stage shown = progress.stage(arm.title() + ", seed " + seed, config.steps());
          BatchLoader<TokenBatch> batches = new BatchLoader<>(order, config.batchSize(), 0, 4, 1,
              job -> tokens.training().batch(job.indices(), 0, 0, job.random()))) {
        for (int step = 1; step <= config.steps(); step++) {
          boolean observed = step % interval == 0;
          Map<String, Double> numbers = training.update(step, batches.next(), true, observed);
          losses.add(numbers.get("loss"));
          if (observed) {
            seen.add(training.scaler().histograms());
          }
          shown.note(training.scaling());
          shown.step(step, numbers.get("loss"), config.batchSize());
        }
      }
      long skipped = training.scaler().totals().map(totals -> totals.skipped()).orElse(0L);
      return new ScalingRun(ScalingRun.FORMAT, ScalingRun.VERSION, arm.key(), seed, config, losses, heldOut(tokens, training), skipped,
          (System.nanoTime() - start) / 1e9, seen.blocks(training.scaler().scales()));
    }
  }

  /** Loss of the held-out examples, in 32 bits whatever the arm: what differs then is the weights alone. */
  private double heldOut(ExperimentTokens tokens, TransformerTraining training) {
    double sum = 0;
    for (int from = 0; from < tokens.heldOut().size(); from += BATCH) {
      int[] part = IntStream.range(from, Math.min(from + BATCH, tokens.heldOut().size())).toArray();
      try (Scope scope = device.newScope()) {
        sum += part.length * training.loss(scope, DType.F32, tokens.heldOut().batch(part, part)).total().toFloat();
      }
    }
    return sum / tokens.heldOut().size();
  }
}
