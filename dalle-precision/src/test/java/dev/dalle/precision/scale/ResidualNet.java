package dev.dalle.precision.scale;

import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.precision.testing.Bits;
import dev.dalle.precision.testing.Kept;
import dev.dalle.tensor.Activation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A small residual network with parameters inside and outside its blocks, its optimizer, and a place at each block's ends where faults can be put in. */
final class ResidualNet {
  static final int BLOCKS = 3;
  private static final int WIDTH = 12;
  private static final int ROWS = 7;

  /** Where a gradient is spoilt, going backwards. */
  enum Place {
    /** In the gradient of the network's output, on the stream. */
    STREAM,
    /** In the branch's type, right after the scale. */
    BRANCH_END,
    /** In the branch's type, right before the norm's gradient. */
    BEHIND_NORM,
    /** In F32, before what leaves the block is divided by the scale. */
    BRANCH_BEGIN
  }

  /** One value of the gradient of an activation. */
  record Fault(int block, Place place, float value) {}

  /** One value of a parameter's gradient, after the way back. */
  record Poison(String parameter, float value) {}

  final ParameterSet parameters;
  final List<GradientBlock> blocks = new ArrayList<>();
  final GradientScaler scaler;
  private final Scope scope;
  private final DType compute;
  private final boolean checkpointed;
  private final List<AdamW> optimizers = new ArrayList<>();
  private final Tensor input;
  private final Tensor target;
  private List<Fault> faults = List.of();
  private List<Poison> poisons = List.of();
  private double lossWeight = 1;

  /** Values and moments in F32. */
  ResidualNet(Scope scope, DType compute, boolean checkpointed, Function<ResidualNet, GradientScaler> scaler) {
    this(scope, compute, checkpointed, new Kept(Moments.F32, DType.F32, ValueUpdate.MASTER_COPY), scaler);
  }

  ResidualNet(Scope scope, DType compute, boolean checkpointed, Kept kept, Function<ResidualNet, GradientScaler> scaler) {
    this.scope = scope;
    this.compute = compute;
    this.checkpointed = checkpointed;
    parameters = new ParameterSet(scope, kept.valueType());
    linear("embed");
    for (int block = 0; block < BLOCKS; block++) {
      String name = "block" + block;
      List<Parameter> own = new ArrayList<>(List.of(parameters.add(name + ".norm.gain", Parameter.Kind.FULL, WIDTH),
          parameters.add(name + ".norm.bias", Parameter.Kind.FULL, WIDTH)));
      scope.device().ops().fill(own.get(0).value(), 1);
      scope.device().ops().fill(own.get(1).value(), 0.1);
      own.addAll(linear(name + ".in"));
      own.addAll(linear(name + ".out"));
      blocks.add(new GradientBlock(name, own));
    }
    linear("head");
    input = normal(100, ROWS, WIDTH);
    target = normal(101, ROWS, WIDTH);
    this.scaler = scaler.apply(this);
    for (Parameter parameter : parameters) {
      optimizers.add(new AdamW(scope, List.of(parameter), kept.in(AdamWConfig.TRANSFORMER)));
    }
  }

  private List<Parameter> linear(String name) {
    Parameter weight = parameters.add(name + ".weight", Parameter.Kind.MATRIX, WIDTH, WIDTH);
    Parameter bias = parameters.add(name + ".bias", Parameter.Kind.FULL, WIDTH);
    weight.drawNormal(9, Philox.stream(parameters.all().size()), 0.4);
    scope.device().ops().fill(bias.value(), 0.05);
    return List.of(weight, bias);
  }

  private Tensor normal(long stream, long... dims) {
    Tensor tensor = scope.allocate(DType.F32, dims);
    scope.device().ops().normal(8, stream, 1, tensor);
    return tensor;
  }

  /** Parameters in the optimizer's order. */
  List<Parameter> order() {
    return parameters.toList();
  }

  /** Makes all gradients smaller or larger, as those of a deep network are. */
  void weighLoss(double weight) {
    lossWeight = weight;
  }

  /** Spoils gradients of the updates to come. */
  void spoil(Fault... next) {
    faults = List.of(next);
  }

  /** Spoils gradients of parameters in the updates to come. */
  void poison(Poison... next) {
    poisons = List.of(next);
  }

  private Tensor spoiltAt(Tape tape, Tensor x, int block, Place place) {
    for (Fault fault : faults) {
      if (fault.block == block && fault.place == place) {
        return tape.filterGradient(x, (gradient, out) -> {
          tape.ops().copy(gradient, out);
          tape.ops().fill(out.reshape(out.elementCount()).slice(5, 6), fault.value);
        });
      }
    }
    return x;
  }

  private Tensor branch(Tape tape, int block, Tensor x) {
    String name = "block" + block;
    Tensor begin = spoiltAt(tape, x, block, Place.BRANCH_BEGIN);
    Tensor normed = tape.layerNorm(begin, parameters.get(name + ".norm.gain"), parameters.get(name + ".norm.bias"), 1e-5, compute);
    Tensor behind = spoiltAt(tape, normed, block, Place.BEHIND_NORM);
    Tensor hidden = tape.activation(Activation.QUICK_GELU, tape.linear(behind, parameters.get(name + ".in.weight"), parameters.get(name + ".in.bias")));
    return spoiltAt(tape, tape.linear(hidden, parameters.get(name + ".out.weight"), parameters.get(name + ".out.bias")), block, Place.BRANCH_END);
  }

  private Tensor block(Tape tape, int block, Tensor x) {
    return scaler.residual(tape, "block" + block, x, (inner, y) -> branch(inner, block, y));
  }

  /** Forward and backward: gradients of half the squared distance to the target, times the loss's factor. */
  void gradients() {
    try (Scope step = scope.device().newScope()) {
      Tape tape = Tape.recording(step, compute);
      Tensor stream = tape.linear(input, parameters.get("embed.weight"), parameters.get("embed.bias"));
      for (int i = 0; i < BLOCKS; i++) {
        int number = i;
        stream = checkpointed ? tape.checkpoint(inner -> block(inner.tape(), number, inner.x()), stream) : block(tape, i, stream);
      }
      stream = spoiltAt(tape, stream, -1, Place.STREAM);
      Tensor out = tape.linear(stream, parameters.get("head.weight"), parameters.get("head.bias"));
      Tensor gradient = step.allocate(DType.F32, out.shape());
      tape.ops().copy(out, gradient);
      tape.ops().addScaled(target, -1, gradient);
      tape.ops().scale(gradient, lossWeight * scaler.lossFactor(), gradient);
      tape.backward(out, gradient);
    }
    for (Poison poison : poisons) {
      Tensor gradient = parameters.get(poison.parameter).gradient();
      long last = gradient.elementCount();
      gradient.device().ops().fill(gradient.reshape(last).slice(last - 1, last), poison.value);
    }
  }

  /** One update; gives its verdict. */
  GradientVerdict update(double threshold) {
    gradients();
    Tensor factors = scaler.endUpdate(threshold);
    for (int place = 0; place < optimizers.size(); place++) {
      optimizers.get(place).update(0.01, factors.elementCount() == 1 ? factors : factors.slice(place, place + 1));
    }
    parameters.clearGradients();
    return scaler.verdict();
  }

  /** Values and moments, by name. */
  Map<String, float[]> state() {
    Map<String, float[]> state = new LinkedHashMap<>();
    for (NamedTensor tensor : trained()) {
      if (tensor.tensor().dtype() == DType.F32) {
        state.put(tensor.name(), tensor.tensor().toFloats());
      }
    }
    return state;
  }

  /** Values, moments and numbers of updates to the bit, by name. */
  Map<String, byte[]> bits() {
    return Bits.of(trained());
  }

  /** What training changes, the scaler's own state left out. */
  List<NamedTensor> trained() {
    List<NamedTensor> all = new ArrayList<>(NamedTensor.ofParameters("value.", parameters));
    for (int place = 0; place < optimizers.size(); place++) {
      for (NamedTensor tensor : optimizers.get(place).state()) {
        all.add(new NamedTensor(place + "." + tensor.name(), tensor.tensor()));
      }
    }
    return all;
  }

  /** Scales that stay powers of two: halved where gradients are not finite, and never grown. */
  static GradientScaler blockScaler(Scope scope, ResidualNet net, double scale) {
    return new BlockGradientScaler(scope, net.order(), net.blocks, new GradientScaleConfig(scale, 1, 0x1p40, 1, 2, 125), Replicas.ALONE);
  }

  static GradientScaler lossScaler(Scope scope, ResidualNet net, double scale) {
    return new LossGradientScaler(scope, net.order(), net.blocks, new LossScale(scale, 2, 0.5, 1000), Replicas.ALONE);
  }

  static GradientScaler unscaled(Scope scope, ResidualNet net) {
    return new UnscaledGradientScaler(scope, net.order(), net.blocks);
  }
}
