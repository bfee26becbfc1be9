package dev.dalle.precision.scale;

import dev.dalle.precision.optimizer.GlobalNorm;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * No scales: for training in F32 or BF16, whose exponents need none. Gradients are clipped by their norm, and an update whose gradients are not finite is skipped,
 * both by the device alone: nothing waits but {@link #verdict}.
 */
public final class UnscaledGradientScaler implements GradientScaler {
  private final BlockedParameters blocked;
  private final GradientHooks hooks;
  private final GlobalNorm norm;
  private final Tensor taken;
  private boolean ended;
  private Optional<GradientVerdict> verdict = Optional.empty();

  /**
   * A scaler before the first update.
   *
   * @param scope owns a few numbers a parameter
   * @param parameters all that the optimizer has, in its order
   * @param blocks those that {@link #residual} will be asked for
   * @throws IllegalArgumentException if two blocks have one name or share a parameter, or a block has a parameter that is not among all
   */
  public UnscaledGradientScaler(Scope scope, Collection<Parameter> parameters, List<GradientBlock> blocks) {
    this(scope, parameters, blocks, squares -> {});
  }

  /**
   * A scaler of parameters of which other processes hold other parts.
   *
   * @param exchange as in {@link GlobalNorm#GlobalNorm(Scope, Collection, Consumer)}
   */
  public UnscaledGradientScaler(Scope scope, Collection<Parameter> parameters, List<GradientBlock> blocks, Consumer<Tensor> exchange) {
    blocked = new BlockedParameters(parameters, blocks);
    hooks = new GradientHooks(scope, blocked.names());
    norm = new GlobalNorm(scope, parameters, exchange);
    taken = scope.allocate(DType.F32, hooks.takenLength());
  }

  @Override
  public List<String> blocks() {
    return blocked.names();
  }

  @Override
  public double[] scales() {
    double[] scales = new double[blocked.names().size()];
    Arrays.fill(scales, 1);
    return scales;
  }

  @Override
  public double lossFactor() {
    return 1;
  }

  @Override
  public Tensor residual(Tape tape, String block, Tensor x, Branch branch) {
    return hooks.plain(tape, blocked.number(block), x, branch);
  }

  @Override
  public Tensor endUpdate(double clipThreshold) {
    Tensor factor = norm.measure(1, clipThreshold);
    hooks.endUpdate();
    ended = true;
    verdict = Optional.empty();
    return factor;
  }

  @Override
  public GradientVerdict verdict() {
    if (!ended) {
      throw new IllegalStateException("verdict: no update has ended yet");
    }
    if (verdict.isEmpty()) {
      verdict = Optional.of(read());
    }
    return verdict.get();
  }

  private GradientVerdict read() {
    hooks.takeCounts(taken);
    List<BlockCounts> counts = hooks.counts(taken.toFloats(), 0);
    List<Parameter> notFinite = norm.notFinite();
    boolean[] flags = new boolean[blocked.parameters().size()];
    for (int place = 0; place < flags.length; place++) {
      flags[place] = notFinite.contains(blocked.parameters().get(place));
    }
    return new GradientVerdict(norm.read().skipped(), norm.read().norm(), blocked.namesOf(blocked.flaggedBlocks(flags)),
        notFinite.stream().map(Parameter::name).toList(), List.of(), counts);
  }

  /** Empty: nothing is read unless it is asked for. */
  @Override
  public Optional<GradientTotals> totals() {
    return Optional.empty();
  }

  @Override
  public void observe() {
    hooks.startObserving();
  }

  @Override
  public List<BlockHistograms> histograms() {
    return hooks.histograms();
  }

  /** Empty: no update changes anything here. */
  @Override
  public List<NamedTensor> state() {
    return List.of();
  }

  /** Refuses nothing. */
  @Override
  public void checkStored(SafetensorsFile file, String prefix) {}

  @Override
  public void restore() {}
}
