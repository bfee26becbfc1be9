package dev.dalle.trainer.stage;

import dev.dalle.attention.BlockRunner;
import dev.dalle.attention.Resblock;
import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerLoss;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.shard.ShardReplicas;
import dev.dalle.dist.threads.ThreadWorld;
import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.ExponentialMovingAverage;
import dev.dalle.precision.optimizer.HostMovingAverage;
import dev.dalle.precision.optimizer.MomentReport;
import dev.dalle.precision.optimizer.MovingAverage;
import dev.dalle.precision.optimizer.MovingAverageConfig;
import dev.dalle.precision.scale.BlockGradientScaler;
import dev.dalle.precision.scale.GradientBlock;
import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.GradientTotals;
import dev.dalle.precision.scale.GradientVerdict;
import dev.dalle.precision.scale.LossGradientScaler;
import dev.dalle.precision.scale.LossScale;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.precision.scale.UnscaledGradientScaler;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.trainer.run.PrecisionConfig;
import dev.dalle.trainer.run.Resumable;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Transformer, optimizer, gradient scales and average, and what happens to them in one update (Ramesh et al. 2021, arXiv 2102.12092, section 2.4, appendix B.2).
 * One thread at a time. Owns a thread and memory of the host where the average is kept there.
 */
public final class TransformerTraining implements Resumable, AutoCloseable {
  private final TransformerStageConfig config;
  private final Device device;
  private final SplitTransformer model;
  private final RankSums sums;
  private final AdamW optimizer;
  private final GradientScaler scaler;
  private final MovingAverage average;
  private final StepSizes stepSizes;
  private final Tensor lossGradient;
  private final BlockRunner runner;
  private long observedStep;
  private long skipped;

  /** How gradients are scaled. */
  @FunctionalInterface
  public interface Scaling {
    /**
     * A scaler of a model's gradients, in a scope of the model's device.
     *
     * @param parameters this rank's shards of all parameters; with one rank they are the parameters
     * @param blocks the resblocks, each with those of its own
     */
    GradientScaler of(Scope scope, List<Parameter> parameters, List<GradientBlock> blocks);
  }

  /** A training that has made no update, with the scales of its configuration. */
  TransformerTraining(TransformerStageConfig config, long seed, Scope scope) {
    this(config, seed, scope, ThreadWorld.alone(scope.device()));
  }

  /**
   * One rank's part of a training that has made no update, with the scales of its configuration.
   *
   * @param seed of the weights
   * @param scope owns everything on the device that lives longer than an update; to be closed after this
   * @param machine ranks that the model is split over, each of which trains on a part of the batch, all of one size; closed by whoever made it
   */
  TransformerTraining(TransformerStageConfig config, long seed, Scope scope, Communicator machine) {
    this(config, seed, scope, machine, (owner, parameters, blocks) -> scaler(config.precisionOrUsual().scaling(), owner, parameters, blocks, machine));
  }

  /**
   * A training that has made no update.
   *
   * @param seed of the weights
   * @param scope owns everything on the device that lives longer than an update; to be closed after this
   * @param scaling takes the place of the configuration's
   */
  public TransformerTraining(TransformerStageConfig config, long seed, Scope scope, Scaling scaling) {
    this(config, seed, scope, ThreadWorld.alone(scope.device()), scaling);
  }

  private TransformerTraining(TransformerStageConfig config, long seed, Scope scope, Communicator machine, Scaling scaling) {
    this.config = config;
    device = scope.device();
    sums = new RankSums(machine);
    model = new SplitTransformer(config.model(), scope, config.matrixType(), machine);
    model.initialise(seed);
    PrecisionConfig precision = config.precisionOrUsual();
    optimizer = AdamW.ofShards(scope, model.sharded().optimized(), AdamWConfig.TRANSFORMER.withWeightDecay(config.weightDecay()).withMoments(precision.moments())
        .withValueUpdate(precision.update(), seed));
    scaler = scaling.of(scope, model.shards().toList(), model.blocks());
    stepSizes = StepSizes.of(config, scope);
    lossGradient = scope.of(new float[] {1}, 1);
    runner = config.recompute() ? model.recomputing(this::residual) : model.keeping(this::residual);
    average = average(scope);
  }

  /** The bits are the same in both places. On the processor the second one would take more memory, and cores that are busy. */
  private MovingAverage average(Scope scope) {
    MovingAverageConfig averaging = new MovingAverageConfig(config.averageDecay(), config.averageInterval());
    return device.isHost() ? new ExponentialMovingAverage(scope, model.shards().all(), averaging)
        : new HostMovingAverage(model.shards().all(), averaging);
  }

  private static GradientScaler scaler(PrecisionConfig.Scaling scaling, Scope scope, List<Parameter> parameters, List<GradientBlock> blocks,
      Communicator machine) {
    Replicas replicas = new ShardReplicas(machine);
    return switch (scaling) {
      case NONE -> new UnscaledGradientScaler(scope, parameters, blocks, new RankSums(machine)::squares);
      case LOSS -> new LossGradientScaler(scope, parameters, blocks, new LossScale(), replicas);
      case RESBLOCK -> new BlockGradientScaler(scope, parameters, blocks, GradientScaleConfig.paper(1), replicas);
    };
  }

  private Tensor residual(Tape tape, Resblock block, Tensor x) {
    return scaler.residual(tape, block.name(), x, block::branch);
  }

  /** What the model is trained by: this rank's shards of its parameters, with their names and in their order. With one rank they are the parameters. */
  public ParameterSet parameters() {
    return model.shards();
  }

  /**
   * The loss of a batch with the parameters as they are, without a record.
   *
   * @param scope owns what it computes
   * @param dtype of the insides of resblocks
   */
  public TransformerLoss loss(Scope scope, DType dtype, TokenBatch batch) {
    model.beginReading();
    try {
      return model.transformer().loss(Tape.inference(scope, dtype), batch, model.reading());
    } finally {
      model.endReading();
    }
  }

  /** What is done with a whole model. */
  @FunctionalInterface
  interface ModelUser {
    /** Reads its parameters. */
    void use(Transformer transformer) throws IOException;
  }

  /** Hands the whole model on, for as long as the call lasts. */
  void withModel(ModelUser user) throws IOException {
    model.attachAll();
    try {
      user.use(model.transformer());
    } finally {
      model.detachAll();
    }
  }

  /** What scales its gradients. */
  public GradientScaler scaler() {
    return scaler;
  }

  /** What is known of the gradients, after so many updates. */
  void describe(long step, GradientLog log) {
    log.update(step, scaler.totals(), observedStep, scaler.histograms());
  }

  /** What the last update came to; empty if gradients are not scaled and the device decides alone. */
  Optional<GradientVerdict> followed() {
    return scaler instanceof UnscaledGradientScaler ? Optional.empty() : Optional.of(scaler.verdict());
  }

  /** Scales and skips in a few words; empty if gradients are not scaled. */
  public String scaling() {
    if (scaler instanceof UnscaledGradientScaler) {
      return "";
    }
    DoubleSummaryStatistics scales = Arrays.stream(scaler.scales()).map(TransformerTraining::log2).summaryStatistics();
    String range = scales.getMax() - scales.getMin() < 0.05 ? String.format(Locale.ROOT, "scale 2^%.1f", scales.getMax())
        : String.format(Locale.ROOT, "scales 2^%.1f to 2^%.1f", scales.getMin(), scales.getMax());
    return range + ", " + skipped + " skipped";
  }

  /**
   * One update. With several ranks, all make it together.
   *
   * @param batch this rank's part
   * @param report whether to wait for the device and say what it came to
   * @param observe whether to count how large its gradients are, which takes a pass over each
   * @return numbers by name; none if none were wanted
   * @throws TrainingException if the loss is not finite
   */
  public Map<String, Double> update(long step, TokenBatch batch, boolean report, boolean observe) {
    if (observe) {
      scaler.observe();
      observedStep = step;
    }
    try (Scope scope = device.newScope()) {
      Tape tape = Tape.recording(scope, config.compute().dtype());
      double textWeight = sums.textWeight(batch);
      model.beginUpdate();
      TransformerLoss loss = model.transformer().loss(tape, batch, runner, textWeight);
      device.ops().fill(lossGradient, scaler.lossFactor());
      tape.backward(loss.total(), lossGradient);
      model.endUpdate();
      double stepSize = stepSizes.at(step);
      optimizer.update(stepSize, scaler.endUpdate(config.clipNorm()));
      average.update(step);
      model.shards().clearGradients();
      skipped += followed().filter(GradientVerdict::skipped).isPresent() ? 1 : 0;
      if (stepSizes.wantsLoss()) {
        stepSizes.loss(sums.average(loss.total().toFloat())[0]);
      }
      if (!report) {
        return Map.of();
      }
      float[] losses = sums.average(loss.total().toFloat(), (float) textWeight * loss.text().toFloat(), loss.image().toFloat());
      double value = losses[0];
      GradientVerdict verdict = scaler.verdict();
      TrainingException.checkFinite("transformer", step, value, verdict.parameters());
      Map<String, Double> numbers = new TreeMap<>();
      numbers.put("loss", value);
      numbers.put("text", (double) losses[1]);
      numbers.put("image", (double) losses[2]);
      numbers.put("gradient", (double) verdict.norm());
      numbers.put("step-size", stepSize);
      precision(numbers);
      return numbers;
    }
  }

  /** How gradients were scaled and what state the moments are in. */
  private void precision(Map<String, Double> numbers) {
    scaler.totals().ifPresent(totals -> {
      numbers.put("skipped", (double) totals.skipped());
      double[] scales = scaler.scales();
      for (int i = 0; i < scales.length; i++) {
        numbers.put(LoggedNumbers.SCALE + scaler.blocks().get(i), log2(scales[i]));
      }
    });
    if (!config.precisionOrUsual().equals(PrecisionConfig.PLAIN)) {
      long beyond = 0;
      for (MomentReport moments : sums.whole(optimizer.reports(LoggedNumbers::block))) {
        // Both checksums in 48 bits, which a double holds exactly.
        numbers.put(LoggedNumbers.MOMENTS + moments.name(), (double) (((long) moments.meanChecksum() << 16 ^ moments.varianceChecksum()) & (1L << 48) - 1));
        beyond += moments.beyond();
      }
      numbers.put("moments-beyond", (double) beyond);
    }
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  /** What this rank has of the model. */
  SplitTransformer split() {
    return model;
  }

  /** The image loss after the caption of the batch's next example; nothing if there is no other. */
  OptionalDouble shuffled(TokenBatch batch) {
    if (batch.size() < 2) {
      return OptionalDouble.empty();
    }
    int[][] captions = batch.captions().clone();
    Collections.rotate(Arrays.asList(captions), -1);
    try (Scope scope = device.newScope()) {
      TokenBatch other = new TokenBatch(captions, batch.images());
      return OptionalDouble.of(sums.average(loss(scope, config.compute().dtype(), other).image().toFloat())[0]);
    }
  }

  /** Writes the averaged parameters over the trained ones. */
  void takeAverage() {
    average.copyTo(model.shards());
  }

  @Override
  public List<NamedTensor> state() {
    List<NamedTensor> state = new ArrayList<>();
    model.shards().forEach(parameter -> state.add(new NamedTensor(parameter.name(), parameter.value())));
    state.addAll(optimizer.state());
    state.addAll(scaler.state());
    state.addAll(stepSizes.state());
    state.addAll(average.state());
    return state;
  }

  @Override
  public void checkStored(SafetensorsFile file) throws TensorFileException {
    optimizer.checkStored(file, "");
    scaler.checkStored(file, "");
    stepSizes.checkStored(file);
  }

  @Override
  public void restored() {
    scaler.restore();
    stepSizes.restore();
    optimizer.recount();
    skipped = scaler.totals().map(GradientTotals::skipped).orElse(0L);
  }

  /** Waits for the averaging that is under way, and gives back what is not the scope's. */
  @Override
  public void close() {
    model.close();
    average.close();
  }
}
