package dev.dalle.precision.scale;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.SafetensorsFile;
import dev.dalle.tensor.files.TensorFileException;
import dev.dalle.tensor.files.WideNumbers;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A scaler whose scales the host sets after every update: one pass over all gradients, one read, and an exchange with the other replicas. Which scale a gradient
 * carries and what the flags do to scales is for the two that extend it.
 */
abstract sealed class FollowedGradientScaler implements GradientScaler permits BlockGradientScaler, LossGradientScaler {
  final BlockedParameters blocked;
  final GradientHooks hooks;
  private final Replicas replicas;
  /** The sum of squares of each parameter's gradient, and behind them the counts: what the host reads once an update. */
  private final Tensor report;
  private final Tensor[] squares;
  private final Tensor taken;
  private final Tensor factors;
  private final float[] hostFactors;
  private final FollowedTotals totals;
  private Optional<GradientVerdict> verdict = Optional.empty();

  FollowedGradientScaler(Scope scope, Collection<Parameter> parameters, List<GradientBlock> blocks, Replicas replicas) {
    this.blocked = new BlockedParameters(parameters, blocks);
    this.hooks = new GradientHooks(scope, blocked.names());
    this.replicas = replicas;
    int count = blocked.parameters().size();
    report = scope.zeros(DType.F32, Shape.of(count + hooks.takenLength()));
    squares = new Tensor[count];
    for (int place = 0; place < count; place++) {
      squares[place] = report.slice(place, place + 1);
    }
    taken = report.slice(count, count + hooks.takenLength());
    factors = scope.allocate(DType.F32, count);
    hostFactors = new float[count];
    totals = new FollowedTotals(scope, blocked);
  }

  /** The scale that a block's gradients carry, or those outside all blocks. */
  abstract double scaleOf(int block);

  /** Sets the next scales; gives the names of the blocks whose scale was divided. */
  abstract List<String> follow(boolean[] blocks, boolean outside);

  /** The tensors of the scales themselves, as they are now. */
  abstract List<NamedTensor> scaleState();

  /** Where the scales themselves are kept. */
  abstract List<WideNumbers> keptScales();

  /**
   * Checks scales.
   *
   * @param source of the numbers
   * @param totals that were kept with them
   * @return takes them over
   */
  abstract Runnable checkedScales(Function<WideNumbers, long[]> source, FollowedTotals.Saved totals);

  @Override
  public final List<String> blocks() {
    return blocked.names();
  }

  @Override
  public final double[] scales() {
    double[] scales = new double[blocked.names().size()];
    for (int block = 0; block < scales.length; block++) {
      scales[block] = scaleOf(block);
    }
    return scales;
  }

  @Override
  public final Tensor endUpdate(double clipThreshold) {
    if (!(clipThreshold > 0)) {
      throw new IllegalArgumentException("clipThreshold: expected a positive number or infinity, got " + clipThreshold);
    }
    float[] read = measure();
    boolean[] nonfinite = new boolean[squares.length];
    double sum = 0;
    for (int place = 0; place < squares.length; place++) {
      double scale = scaleOf(blocked.blockOf(place));
      nonfinite[place] = !Float.isFinite(read[place]);
      sum += nonfinite[place] ? 0 : read[place] / (scale * scale);
    }
    float norm = (float) Math.sqrt(replicas.combine(nonfinite, sum));
    boolean[] badBlocks = blocked.flaggedBlocks(nonfinite);
    boolean badOutside = blocked.flaggedOutside(nonfinite);
    List<String> parameters = namesOfParameters(nonfinite);
    boolean skipped = !parameters.isEmpty() || !Float.isFinite(norm);
    writeFactors(skipped ? Double.NaN : Math.min(1, clipThreshold / norm));
    // Squares that are finite each may still sum up to more than 32 bits hold: no parameter is to blame then.
    List<String> divided = follow(badBlocks, badOutside || skipped && parameters.isEmpty());
    List<BlockCounts> counts = hooks.counts(read, squares.length);
    hooks.endUpdate();
    totals.add(skipped, nonfinite, counts);
    verdict = Optional.of(new GradientVerdict(skipped, skipped ? Float.NaN : norm, blocked.namesOf(badBlocks), parameters, divided, counts));
    return factors;
  }

  private float[] measure() {
    for (int place = 0; place < squares.length; place++) {
      Parameter parameter = blocked.parameters().get(place);
      if (parameter.gradientEmpty()) {
        factors.device().ops().fill(squares[place], 0);
      } else {
        factors.device().ops().sumOfSquares(parameter.gradient(), squares[place], false);
      }
    }
    hooks.takeCounts(taken);
    return report.toFloats();
  }

  private List<String> namesOfParameters(boolean[] flags) {
    List<String> names = new ArrayList<>();
    for (int place = 0; place < flags.length; place++) {
      if (flags[place]) {
        names.add(blocked.parameters().get(place).name());
      }
    }
    return names;
  }

  private void writeFactors(double clip) {
    for (int place = 0; place < hostFactors.length; place++) {
      hostFactors[place] = (float) (clip / scaleOf(blocked.blockOf(place)));
    }
    factors.write(hostFactors);
  }

  @Override
  public final GradientVerdict verdict() {
    return verdict.orElseThrow(() -> new IllegalStateException("verdict: no update has ended yet"));
  }

  @Override
  public final Optional<GradientTotals> totals() {
    return Optional.of(totals.totals());
  }

  @Override
  public final void observe() {
    hooks.startObserving();
  }

  @Override
  public final List<BlockHistograms> histograms() {
    return hooks.histograms();
  }

  @Override
  public final List<NamedTensor> state() {
    List<NamedTensor> state = new ArrayList<>(scaleState());
    state.addAll(totals.state());
    return state;
  }

  @Override
  public final void checkStored(SafetensorsFile file, String prefix) throws TensorFileException {
    List<WideNumbers> kept = new ArrayList<>(keptScales());
    kept.addAll(totals.kept());
    if (kept.stream().allMatch(numbers -> numbers.find(file, prefix).isPresent())) {
      try {
        checked(numbers -> numbers.find(file, prefix).orElseThrow());
      } catch (IllegalArgumentException e) {
        throw new TensorFileException(file.path() + ": state of gradient scaling: " + e.getMessage() + ". Begin without this state", e);
      }
    }
  }

  @Override
  public final void restore() {
    checked(WideNumbers::read).run();
  }

  private Runnable checked(Function<WideNumbers, long[]> source) {
    FollowedTotals.Saved saved = totals.saved(source);
    Runnable scales = checkedScales(source, saved);
    return () -> {
      scales.run();
      totals.restore(saved);
    };
  }
}
