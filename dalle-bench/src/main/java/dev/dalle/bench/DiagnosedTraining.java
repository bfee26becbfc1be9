package dev.dalle.bench;

import dev.dalle.attention.BlockRunner;
import dev.dalle.attention.Resblock;
import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerConfig;
import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.GlobalNorm;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.scale.BlockGradientScaler;
import dev.dalle.precision.scale.GradientBlock;
import dev.dalle.precision.scale.GradientScaleConfig;
import dev.dalle.precision.scale.GradientScaler;
import dev.dalle.precision.scale.Replicas;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Updates of stage two with a scale for each resblock and 16-bit moments, and more or less of what tells how gradients are doing. */
final class DiagnosedTraining implements AutoCloseable {
  private static final long SEED = 7;
  /** A power of two that never changes, so that every form computes the same bits. */
  private static final double SCALE = 0x1p10;

  /** What is done in an update. */
  enum Form {
    /** Gradients are multiplied at both ends of each block; nothing is filtered, counted or decided. */
    SCALING,
    /** What trainings do in every update: filters, counts, flags, one read of the host. */
    COUNTING,
    /** What they do in an update that is observed: histograms of all gradients too. */
    OBSERVING
  }

  private final Device device = Ours.device();
  private final Scope scope = device.newScope();
  private final Form form;
  private final TokenBatch tokens;
  private final DType compute;
  private final Transformer transformer;
  private final AdamW optimizer;
  private final GradientScaler scaler;
  private final GlobalNorm norm;
  private final Tensor factors;
  private final Tensor one;

  DiagnosedTraining(Form form, TransformerConfig config, TokenBatch tokens, DType compute) {
    this.form = form;
    this.tokens = tokens;
    this.compute = compute;
    transformer = new Transformer(config, scope);
    transformer.initialise(SEED);
    List<Parameter> parameters = transformer.parameters().toList();
    optimizer = new AdamW(scope, parameters, AdamWConfig.TRANSFORMER.withMoments(Moments.SIXTEEN_BIT));
    List<GradientBlock> blocks = transformer.blocks().stream().map(block -> new GradientBlock(block.name(), block.parameters())).toList();
    scaler = new BlockGradientScaler(scope, parameters, blocks, new GradientScaleConfig(SCALE, 1, 0x1p24, 1, 2, 125), Replicas.ALONE);
    norm = new GlobalNorm(scope, parameters);
    Set<Parameter> scaled = new HashSet<>();
    blocks.forEach(block -> scaled.addAll(block.parameters()));
    float[] inverse = new float[parameters.size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = (float) (scaled.contains(parameters.get(i)) ? 1 / SCALE : 1);
    }
    factors = scope.of(inverse, inverse.length);
    one = scope.of(new float[] {1}, 1);
  }

  /** One update. */
  void update() {
    if (form == Form.OBSERVING) {
      scaler.observe();
    }
    try (Scope inner = device.newScope()) {
      Tape tape = Tape.recording(inner, compute);
      BlockRunner runner = form == Form.SCALING ? DiagnosedTraining::scaled : (t, block, x) -> scaler.residual(t, block.name(), x, block::branch);
      tape.backward(transformer.loss(tape, tokens, runner).total(), one);
      if (form == Form.SCALING) {
        norm.measure(1, Double.POSITIVE_INFINITY);
        optimizer.update(Training.STEP_SIZE, factors);
      } else {
        optimizer.update(Training.STEP_SIZE, scaler.endUpdate(Double.POSITIVE_INFINITY));
      }
      transformer.parameters().clearGradients();
    }
    device.synchronize();
  }

  private static Tensor scaled(Tape tape, Resblock block, Tensor x) {
    Tensor input = tape.filterGradient(x, (gradient, out) -> tape.ops().scale(gradient, 1 / SCALE, out));
    return tape.add(x, block.branch(tape, input), (gradient, out) -> tape.ops().scale(gradient, SCALE, out));
  }

  /** Sums the moments up once more, as AdamW does within each update. */
  void sumUpMoments() {
    optimizer.recount();
    device.synchronize();
  }

  /** Reads all there is to tell, as trainings do for their logs; gives the number of elements in histograms. */
  long read() {
    scaler.totals();
    optimizer.reports();
    return scaler.histograms().stream().mapToLong(block -> block.incoming().total() + block.inside().total()).sum();
  }

  /** All values, one after the other. */
  float[] values() {
    float[] all = new float[0];
    for (Parameter parameter : transformer.parameters()) {
      float[] own = parameter.value().toFloats();
      int from = all.length;
      all = Arrays.copyOf(all, from + own.length);
      System.arraycopy(own, 0, all, from, own.length);
    }
    return all;
  }

  @Override
  public void close() {
    scope.close();
  }
}
