package dev.dalle.precision.scale;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.WideNumbers;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/**
 * One scale for the whole loss, {@link LossScale}, in the order that PyTorch's GradScaler has: all gradients are divided by the scale, then clipped by their norm,
 * and if one was not finite the update is skipped and the scale reduced. Nothing is filtered: an overflow anywhere reaches all gradients before it. Blocks are
 * known only for counts, names and histograms; there may be none. Source: Micikevicius et al. 2018, arXiv 1710.03740.
 */
public final class LossGradientScaler extends FollowedGradientScaler {
  private final LossScale scale;
  private final WideNumbers savedScale;
  private final WideNumbers savedGood;

  /**
   * A scaler before the first update.
   *
   * @param scope owns a few numbers a parameter and a few kilobytes a block
   * @param parameters all that the optimizer has, in its order
   * @param blocks those that {@link #residual} will be asked for
   * @param scale of the first update; from now on changed here only
   * @param replicas that make each update together, all with the same arguments
   * @throws IllegalArgumentException if two blocks have one name or share a parameter, or a block has a parameter that is not among all
   */
  public LossGradientScaler(Scope scope, Collection<Parameter> parameters, List<GradientBlock> blocks, LossScale scale, Replicas replicas) {
    super(scope, parameters, blocks, replicas);
    this.scale = Objects.requireNonNull(scale, "scale");
    savedScale = WideNumbers.of(scope, "scaling.scale", 1);
    savedGood = WideNumbers.of(scope, "scaling.good", 1);
  }

  @Override
  double scaleOf(int block) {
    return scale.scale();
  }

  @Override
  public double lossFactor() {
    return scale.scale();
  }

  @Override
  public Tensor residual(Tape tape, String block, Tensor x, Branch branch) {
    return hooks.counted(tape, blocked.number(block), x, branch);
  }

  @Override
  List<String> follow(boolean[] blocks, boolean outside) {
    boolean nonfinite = outside;
    for (boolean block : blocks) {
      nonfinite |= block;
    }
    double before = scale.scale();
    scale.update(nonfinite);
    return scale.scale() < before ? blocks() : List.of();
  }

  @Override
  List<NamedTensor> scaleState() {
    return List.of(savedScale.write(Double.doubleToRawLongBits(scale.scale())), savedGood.write(scale.goodInARow()));
  }

  @Override
  List<WideNumbers> keptScales() {
    return List.of(savedScale, savedGood);
  }

  @Override
  Runnable checkedScales(Function<WideNumbers, long[]> source, FollowedTotals.Saved totals) {
    double saved = Double.longBitsToDouble(source.apply(savedScale)[0]);
    int good = (int) Math.min(Integer.MAX_VALUE, FollowedTotals.counts(savedGood, source)[0]);
    scale.check(saved, good);
    return () -> scale.restore(saved, good);
  }
}
