package dev.dalle.precision.optimizer;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.StoredType;
import dev.dalle.tensor.files.TensorEntry;
import dev.dalle.tensor.files.TensorFileException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * AdamW with bias correction, decoupled weight decay times the step size on matrices only, and, where configured, a running variance that is clipped
 * by value before it is stored, used or corrected; {@link OptimizerOps#adamW} has the formula. Source: Loshchilov and Hutter 2019, arXiv 1711.05101;
 * Ramesh et al. 2021, arXiv 2102.12092, appendices A.2 and B.2 (that only matrices decay, and that the decay is multiplied by the step size, is our
 * reading).
 *
 * <p>It updates parameters, or shards of them: each element's new bits depend on its own old ones, on the parameter's name and kind and on the element's index
 * in the whole parameter, not on shards, groups, sizes or threads. The moments of matrices may be kept in 16 bits ({@link Moments}), and so may their values
 * ({@link ValueUpdate}).
 *
 * <p>Mean, variance and the number of updates live on the device, and the device decides from the factors whether an update happens. So an update never waits,
 * and one that is skipped leaves everything as it was, to the bit. One thread at a time.
 */
public final class AdamW {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final String UPDATES = "adamw.updates";
  private static final String MEAN = "adamw.mean.";
  private static final String VARIANCE = "adamw.variance.";
  private static final String MASTER = "adamw.master.";
  private static final int REPORT = 4;

  private record Part(ParameterShard shard, Tensor factor, AdamWTensors tensors) {
    /** What the names of moments begin with; another format, or another version of one, has another name. */
    private String prefix(String moment, FloatFormat format) {
      return tensors.mean().dtype() == DType.U16 ? moment + format.name() + "." : moment;
    }

    String meanName() {
      return prefix(MEAN, FloatFormat.F1_6_9) + shard.name();
    }

    String varianceName() {
      return prefix(VARIANCE, FloatFormat.F0_6_10) + shard.name();
    }
  }

  private final AdamWConfig config;
  private final OptimizerOps ops;
  private final List<Part> parts = new ArrayList<>();
  private final Tensor updates;
  private final Tensor ownFactor;
  private final Tensor applied;
  private final Tensor reports;

  /**
   * An optimizer that has made no update.
   *
   * @param scope owns the state: two tensors a parameter, three with a master copy, and a few numbers
   * @param parameters on the scope's device; master copies start from their present values
   */
  public AdamW(Scope scope, Collection<Parameter> parameters, AdamWConfig config) {
    this(scope, parameters.stream().map(ParameterShard::whole).toList(), config);
  }

  private AdamW(Scope scope, List<ParameterShard> shards, AdamWConfig config) {
    this.config = Objects.requireNonNull(config, "config");
    check(scope, shards);
    this.ops = scope.device().operations(OptimizerOps.class);
    this.updates = scope.zeros(DType.I32, Shape.of(1));
    this.ownFactor = scope.zeros(DType.F32, Shape.of(1));
    this.applied = scope.zeros(DType.F32, Shape.of(shards.size()));
    this.reports = scope.zeros(DType.I32, Shape.of(shards.size(), REPORT));
    for (ParameterShard shard : shards) {
      Tensor value = shard.value();
      DType moments = config.moments().dtype(shard.kind());
      Optional<Tensor> master = value.dtype() == DType.F32 || config.valueUpdate() != ValueUpdate.MASTER_COPY ? Optional.empty()
          : Optional.of(scope.allocate(DType.F32, value.shape()));
      int index = parts.size();
      parts.add(new Part(shard, applied.slice(index, index + 1), new AdamWTensors(value, master, scope.zeros(moments, value.shape()),
          scope.zeros(moments, value.shape()), reports.slice(index, index + 1), shard.kind() == Parameter.Kind.MATRIX,
          StochasticRounding.stream(config.seed(), shard.name()), shard.place())));
    }
    copyValues();
  }

  /**
   * An optimizer of shards, one of each parameter, that has made no update.
   *
   * @param scope owns the state: two tensors a shard, three with a master copy, and a few numbers
   * @param shards on the scope's device; master copies start from their present values
   * @throws IllegalArgumentException if two have the same name
   */
  public static AdamW ofShards(Scope scope, List<ParameterShard> shards, AdamWConfig config) {
    return new AdamW(scope, List.copyOf(shards), config);
  }

  private static void check(Scope scope, List<ParameterShard> shards) {
    Set<String> names = new HashSet<>();
    for (ParameterShard shard : shards) {
      if (!names.add(shard.name())) {
        throw new IllegalArgumentException("shards: expected one of each parameter, got two of " + shard.name() + "; every rank's shards have "
            + "an optimizer of their own");
      }
      if (shard.value().device() != scope.device()) {
        throw new ShapeException(shard.name() + ": value: expected a tensor on " + scope.device().name() + ", got " + shard.value());
      }
    }
  }

  /** Constants. */
  public AdamWConfig config() {
    return config;
  }

  /**
   * Posts one update with the parameters' gradients, which stay as they are.
   *
   * @param stepSize finite, at least 0
   * @param factors F32: what every gradient is multiplied by first, such as {@link GlobalNorm#measure} gives it: one element for all parameters, or one for
   *     each in the order in which the optimizer was given them; if any is not finite, neither parameters nor state change
   * @throws IllegalArgumentException if the step size is not such a number
   * @throws ShapeException if factors or a gradient are of another shape, type or device; nothing was posted then
   */
  public void update(double stepSize, Tensor factors) {
    CheckedOptimizerOps.stepSize(stepSize);
    List<Tensor> gradients = new ArrayList<>(parts.size());
    for (Part part : parts) {
      gradients.add(gradient(part.shard()));
    }
    ops.countUpdate(factors, updates, applied);
    for (int i = 0; i < parts.size(); i++) {
      ops.adamW(config, stepSize, parts.get(i).factor(), updates, gradients.get(i), parts.get(i).tensors());
    }
  }

  private static Tensor gradient(ParameterShard shard) {
    Tensor gradient = shard.gradient().get();
    Tensor value = shard.value();
    if (gradient.dtype() != DType.F32 || gradient.elementCount() != value.elementCount() || gradient.device() != value.device()) {
      throw new ShapeException(shard.name() + ": gradient: expected F32 with " + value.elementCount() + " elements like the value " + value + ", got "
          + gradient);
    }
    return gradient;
  }

  /**
   * Posts one update with the parameters' gradients. Gradients that are not finite make parameters that are not; {@link GlobalNorm} guards against
   * that.
   *
   * @param stepSize finite, at least 0
   * @param gradientFactor what every gradient is multiplied by first, finite
   */
  public void update(double stepSize, double gradientFactor) {
    CheckedOptimizerOps.stepSize(stepSize);
    if (!Double.isFinite(gradientFactor)) {
      throw new IllegalArgumentException("gradientFactor: expected a finite number, got " + gradientFactor);
    }
    ownFactor.device().ops().fill(ownFactor, gradientFactor);
    update(stepSize, ownFactor);
  }

  /** Number of updates made, those skipped not counted. Waits for the device. */
  public int updates() {
    return updates.toInts()[0];
  }

  /**
   * To be called after values were written by anything but an update or the reading of {@link #state}: master copies start again from them. Posted; does
   * nothing where there are none.
   */
  public void copyValues() {
    for (Part part : parts) {
      part.tensors().master().ifPresent(master -> master.device().ops().copy(part.tensors().value(), master));
    }
  }

  /**
   * Checksums of the moments, a parameter each, in the order in which the optimizer was given them: as the last update that was not skipped left them. Waits
   * for the device.
   */
  public List<MomentReport> reports() {
    int[] numbers = reports.toInts();
    List<MomentReport> all = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      int at = i * REPORT;
      all.add(new MomentReport(parts.get(i).shard().name(), numbers[at], numbers[at + 1], Integer.toUnsignedLong(numbers[at + 2]),
          Integer.toUnsignedLong(numbers[at + 3])));
    }
    return all;
  }

  /**
   * {@link #reports()} combined, a block each, in the order of their first parameters. A block's checksum is the sum of its parameters', each times an odd
   * number that follows from the parameter's name.
   *
   * @param blockOf name of the block to which the parameter of a name belongs
   */
  public List<MomentReport> reports(UnaryOperator<String> blockOf) {
    Map<String, MomentReport> blocks = new LinkedHashMap<>();
    for (MomentReport report : reports()) {
      String block = blockOf.apply(report.name());
      blocks.merge(block, report.partOf(block), MomentReport::plus);
    }
    return List.copyOf(blocks.values());
  }

  /** Posts a new count of what {@link #reports} gives: to be called after {@link #state} was read from a file, until the next update counts by itself. */
  public void recount() {
    for (Part part : parts) {
      AdamWTensors tensors = part.tensors();
      ops.countMoments(tensors.mean(), tensors.variance(), tensors.place(), tensors.report());
    }
  }

  /**
   * All there is to keep between runs, for files: {@code adamw.updates}, and of each parameter {@code adamw.mean.NAME} and {@code adamw.variance.NAME} if its
   * moments are F32, {@code adamw.mean.1-6-9.NAME} and {@code adamw.variance.0-6-10.NAME} if they are codes of 16 bits; {@code adamw.master.NAME} of each
   * master copy. Reading a file into these tensors continues where it was written; {@link #checkStored} first tells whether it may be.
   */
  public List<NamedTensor> state() {
    List<NamedTensor> tensors = new ArrayList<>();
    tensors.add(new NamedTensor(UPDATES, updates));
    for (Part part : parts) {
      tensors.add(new NamedTensor(part.meanName(), part.tensors().mean()));
      tensors.add(new NamedTensor(part.varianceName(), part.tensors().variance()));
      part.tensors().master().ifPresent(master -> tensors.add(new NamedTensor(MASTER + part.shard().name(), master)));
    }
    return tensors;
  }

  /**
   * Refuses a file whose moments are in other formats than {@link #state} has, or in another version of one, or that has a master copy where the state has
   * none or the reverse, or a number of updates that cannot be. Everything else that may not fit is left to the reading of the file, which this should come
   * before: it says what to do. Changes nothing.
   *
   * @param prefix what stands before the names of the state in the file, or nothing
   * @throws TensorFileException if so; the message names the first parameter that differs, and both formats
   */
  public void checkStored(SafetensorsFile file, String prefix) throws TensorFileException {
    Set<String> names = new HashSet<>();
    parts.forEach(part -> names.add(part.shard().name()));
    checkUpdates(file, prefix);
    for (Part part : parts) {
      String name = part.shard().name();
      checkFormat(file, prefix, MEAN, part.meanName(), name, names);
      checkFormat(file, prefix, VARIANCE, part.varianceName(), name, names);
      checkType(file, prefix, MEAN, part.meanName(), name, part.tensors().mean().dtype());
      checkType(file, prefix, VARIANCE, part.varianceName(), name, part.tensors().variance().dtype());
      checkType(file, prefix, MASTER, MASTER + name, name, DType.F32);
      boolean expected = part.tensors().master().isPresent();
      if (file.find(prefix + part.meanName()).isPresent() && file.find(prefix + MASTER + name).isPresent() != expected) {
        throw new TensorFileException(file.path() + ": state of AdamW: expected " + (expected ? "a" : "no") + " master copy of " + name + ", found "
            + (expected ? "none" : "one") + "; it was written with another type of matrices, or another way to update them. Configure that, or begin without "
            + "this state");
      }
    }
  }

  private static void checkUpdates(SafetensorsFile file, String prefix) throws TensorFileException {
    Optional<TensorEntry> found = file.find(prefix + UPDATES).filter(entry -> entry.type() == StoredType.I32 && entry.shape().elementCount() == 1);
    if (found.isPresent() && found.get().data().get(INT, 0) < 0) {
      throw new TensorFileException(file.path() + ": state of AdamW: expected a number of updates of at least 0, found " + found.get().data().get(INT, 0)
          + " (" + UPDATES + "); the file is damaged. Begin without this state");
    }
  }

  /** Reading would convert floats of another type, which is not what was written. */
  private static void checkType(SafetensorsFile file, String prefix, String kept, String tensor, String name, DType expected) throws TensorFileException {
    Optional<TensorEntry> found = file.find(prefix + tensor).filter(entry -> !entry.type().sameBits(expected));
    if (found.isPresent()) {
      throw new TensorFileException(file.path() + ": state of AdamW: expected the " + kept.split("\\.")[1] + " of " + name + " (" + tensor + ") as " + expected
          + ", found it as " + found.get().type() + "; it is not as it was written. Begin without this state");
    }
  }

  private static void checkFormat(SafetensorsFile file, String prefix, String moment, String expected, String name, Set<String> names)
      throws TensorFileException {
    if (file.find(prefix + expected).isPresent()) {
      return;
    }
    for (TensorEntry entry : file.entries()) {
      if (!entry.name().startsWith(prefix + moment)) {
        continue;
      }
      String found = entry.name().substring(prefix.length());
      String rest = found.substring(moment.length());
      // The name of a format has no dot, and what is the whole name of another parameter has no format before it.
      boolean ofFormat = rest.endsWith("." + name) && rest.indexOf('.') == rest.length() - name.length() - 1 && !names.contains(rest);
      if (rest.equals(name) || ofFormat) {
        throw new TensorFileException(file.path() + ": state of AdamW: expected the " + described(moment, expected, name) + ", found the "
            + described(moment, found, name) + "; it was written with other moments. Configure those, or begin without this state");
      }
    }
  }

  /** The moment and its format, as the name of a tensor of the state tells them. */
  private static String described(String moment, String tensor, String name) {
    String format = tensor.length() == moment.length() + name.length() ? "F32" : tensor.substring(moment.length(), tensor.length() - name.length() - 1);
    return moment.split("\\.")[1] + " of " + name + " in " + format + " (" + tensor + ")";
  }
}
