package dev.dalle.trainer.stage;

import dev.dalle.dvae.CodebookUse;
import dev.dalle.dvae.Dvae;
import dev.dalle.dvae.DvaeLoss;
import dev.dalle.dvae.DvaeObjective;
import dev.dalle.dvae.Relaxation;
import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.ExponentialMovingAverage;
import dev.dalle.precision.optimizer.MovingAverageConfig;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.precision.scale.LossGradientScaler;
import dev.dalle.precision.scale.LossScale;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.precision.scale.UnscaledGradientScaler;
import dev.dalle.precision.schedule.Schedule;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.CountingDevice;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.trainer.data.BatchLoader;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.EpochOrder;
import dev.dalle.trainer.data.PictureBatch;
import dev.dalle.trainer.progress.Progress;
import dev.dalle.trainer.run.Checkpoint;
import dev.dalle.trainer.run.Compute;
import dev.dalle.trainer.run.DvaeStageConfig;
import dev.dalle.trainer.run.LossCurve;
import dev.dalle.trainer.run.ModelFiles;
import dev.dalle.trainer.run.Resumable;
import dev.dalle.trainer.run.StageClock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Stage one: maximises the evidence lower bound over encoder and decoder under a uniform prior over codes (Ramesh et al. 2021, arXiv 2102.12092, sections
 * 2.1 and A.2).
 */
public final class DvaeStage implements Calibration.Timed {
  /** Streams of random numbers, so that the stages never share any. */
  private static final long ORDER = 1;
  private static final long NOISE = 2;
  /** Held-out pictures that the bound is looked at on now and then. */
  private static final int VALIDATED = 32;

  private final DvaeStageConfig config;
  private final long seed;
  private final Device device;

  /** A stage that has not begun. */
  public DvaeStage(DvaeStageConfig config, long seed, Device device) {
    this.config = config;
    this.seed = seed;
    this.device = device;
  }

  /**
   * Trains from the last checkpoint, or from the beginning, to the end, and writes the averaged weights.
   *
   * @param data whose training part is used
   * @param checkpoint where the stage stands
   * @param weights written at the end
   * @return the curves of the whole stage
   * @throws IOException if a file cannot be written; the last checkpoint stays
   * @throws TrainingException if a loss is not finite; {@code STAGE.failure.json} then says so
   */
  public LossCurve run(CaptionedPictures data, Checkpoint checkpoint, Path weights, Progress progress) throws IOException {
    try (Scope scope = device.newScope()) {
      Trained model = new Trained(scope);
      LossCurve curve = new LossCurve(config.steps());
      StageClock clock = new StageClock();
      long done = checkpoint.restore(model, curve, clock);
      int[] heldOut = HeldOut.choice(data.split(), seed, VALIDATED);
      EpochOrder order = new EpochOrder(Philox.stream(seed, ORDER), data.split().training().length);
      try (Progress.Stage shown = progress.stage("train dvae", done, config.steps());
          BatchLoader<PictureBatch> batches = new BatchLoader<>(order, config.batchSize(), done, Batches.AHEAD, Batches.workers(),
              Batches.forDvae(data, config))) {
        for (long step = done + 1; step <= config.steps(); step++) {
          Map<String, Double> losses = model.update(step, batches.next().pixels(), curve.wants(step));
          if (!losses.isEmpty()) {
            curve.add(step, heldOut.length > 0 && curve.wantsCostly(step) ? with(losses, model.bound(step, data, heldOut)) : losses);
          }
          shown.note(model.scaling());
          shown.step(step, curve.last("loss"), config.batchSize());
          if (step % config.checkpointSteps() == 0 && step < config.steps()) {
            checkpoint.save(step, model.state(), curve, clock);
          }
        }
      } catch (TrainingException e) {
        throw e.recorded(checkpoint, curve);
      }
      model.average.copyTo(model.dvae.parameters());
      ModelFiles.writeDvae(weights, model.dvae);
      checkpoint.finish(config.steps(), curve, clock);
      return curve;
    }
  }

  private static Map<String, Double> with(Map<String, Double> losses, DvaeBound bound) {
    Map<String, Double> all = new TreeMap<>(losses);
    all.put("held-out-relaxed", bound.relaxed());
    all.put("held-out-drawn", bound.drawn());
    all.put("held-out-most-probable", bound.mostProbable());
    return all;
  }

  /** Seconds an update takes on this machine, measured on noise. */
  @Override
  public double secondsPerStep(Timing.Effort effort) {
    try (Scope scope = device.newScope()) {
      Trained model = new Trained(scope);
      float[] pixels = new float[config.batchSize() * config.model().valuesPerImage()];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = Philox.uniform(seed, 0, i);
      }
      return Timing.medianSeconds(effort, step -> model.update(step, pixels, true));
    }
  }

  /** Bytes of device memory that updates take at most: parameters, gradients, moments, average and activations. Computes and allocates nothing there. */
  public static long bytesNeeded(DvaeStageConfig config) {
    CountingDevice counting = new CountingDevice();
    DvaeStage stage = new DvaeStage(config, 0, counting);
    try (Scope scope = counting.newScope()) {
      Trained model = stage.new Trained(scope);
      model.update(1, new float[Math.multiplyExact(config.batchSize(), config.model().valuesPerImage())], true);
    }
    return counting.peakBytes();
  }

  /** Model, optimizer and average, and what happens to them in one update. */
  private final class Trained implements Resumable {
    private final Dvae dvae;
    private final AdamW optimizer;
    private final GradientScaler scaler;
    private final ExponentialMovingAverage average;
    private final Tensor lossGradient;
    private final Schedule stepSize = config.stepSize();
    private final Schedule beta = config.beta();
    private final Schedule temperature = config.temperature();

    Trained(Scope scope) {
      dvae = new Dvae(scope, config.model());
      dvae.initialise(seed);
      optimizer = new AdamW(scope, dvae.parameters().all(), AdamWConfig.DVAE.withWeightDecay(config.weightDecay()));
      scaler = config.compute() == Compute.F16
          ? new LossGradientScaler(scope, dvae.parameters().all(), List.of(), new LossScale(), Replicas.ALONE)
          : new UnscaledGradientScaler(scope, dvae.parameters().all(), List.of());
      average = new ExponentialMovingAverage(scope, dvae.parameters().all(), new MovingAverageConfig(config.averageDecay(), 1));
      lossGradient = scope.of(new float[] {1}, 1);
    }

    Map<String, Double> update(long step, float[] pixels, boolean report) {
      int size = config.model().imageSize();
      try (Scope scope = device.newScope()) {
        Tape tape = Tape.recording(scope, config.compute().dtype());
        Relaxation relaxation = new Relaxation(temperature.at(step), beta.at(step), seed, Philox.stream(seed, NOISE, step));
        DvaeLoss loss = DvaeObjective.negativeElb(tape, dvae, scope.of(pixels, config.batchSize(), size, size, 3), relaxation);
        // Before the way back, which may give the logits' memory away.
        double perplexity = report ? perplexity(scope, loss.logits()) : Double.NaN;
        device.ops().fill(lossGradient, scaler.lossFactor());
        tape.backward(loss.loss(), lossGradient);
        optimizer.update(stepSize.at(step), scaler.endUpdate(config.clipNorm()));
        average.update(step);
        dvae.parameters().clearGradients();
        if (!report) {
          return Map.of();
        }
        double value = loss.loss().toFloat();
        GradientVerdict verdict = scaler.verdict();
        TrainingException.checkFinite("dvae", step, value, verdict.parameters());
        Map<String, Double> numbers = new TreeMap<>(Map.of("loss", value, "reconstruction", (double) loss.reconstruction().toFloat(), "divergence",
            (double) loss.divergence().toFloat(), "perplexity", perplexity, "gradient", (double) verdict.norm()));
        scaler.totals().ifPresent(totals -> numbers.putAll(Map.of("skipped", (double) totals.skipped(), "scale", Math.log(scaler.lossFactor()) / Math.log(2))));
        return numbers;
      }
    }

    /** Of the weights as they are, at the temperature of this update. */
    DvaeBound bound(long step, CaptionedPictures data, int[] heldOut) {
      return DvaeBound.measure(device, dvae, config.compute().dtype(), config.batchSize(), temperature.at(step), seed, data, heldOut);
    }

    /** The scale and the skips in a few words; empty if gradients are not scaled. */
    String scaling() {
      return scaler.totals().map(totals -> String.format(Locale.ROOT, "scale 2^%.0f, %d skipped", Math.log(scaler.lossFactor()) / Math.log(2), totals.skipped()))
          .orElse("");
    }

    /** Of the codes that the batch's pictures would get. */
    private double perplexity(Scope scope, Tensor logits) {
      Tensor ids = scope.allocate(DType.I32, logits.dim(0), logits.dim(1), logits.dim(2));
      device.ops().argmax(logits, ids);
      return CodebookUse.none(config.model().vocabulary()).plus(ids.toInts()).perplexity();
    }

    @Override
    public List<NamedTensor> state() {
      List<NamedTensor> state = new ArrayList<>();
      dvae.parameters().forEach(parameter -> state.add(new NamedTensor(parameter.name(), parameter.value())));
      state.addAll(optimizer.state());
      state.addAll(scaler.state());
      state.addAll(average.state());
      return state;
    }

    @Override
    public void checkStored(SafetensorsFile file) throws TensorFileException {
      optimizer.checkStored(file, "");
      scaler.checkStored(file, "");
    }

    @Override
    public void restored() {
      scaler.restore();
    }
  }
}
