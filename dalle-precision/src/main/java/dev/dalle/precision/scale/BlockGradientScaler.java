package dev.dalle.precision.scale;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.WideNumbers;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/**
 * A scale for each residual block, {@link GradientScales}. Going backwards, in this order: the gradient of the stream, F32, is multiplied by the block's scale and
 * filtered, and only then converted to the type of the branch; the branch runs backwards in that type; the gradient of its input, F32 behind a norm, is divided by
 * the scale and filtered, and added to that of the stream, which itself is never scaled. To filter is to replace what is infinite or not a number by 0. So an
 * overflow shows in the gradients of its own block's parameters and nowhere else.
 *
 * <p>The loss and parameters in no block have no scale. A gradient of theirs that is not finite makes the update be skipped, and divides nothing. Source: Ramesh
 * et al. 2021, arXiv 2102.12092, section 2.4, Figure 4 and appendix D (what is outside the blocks: our reading).
 */
public final class BlockGradientScaler extends FollowedGradientScaler {
  private final GradientScales scales;
  private final WideNumbers savedScales;
  private final WideNumbers savedDivisions;

  /**
   * A scaler before the first update.
   *
   * @param scope owns a few numbers a parameter and a few kilobytes a block
   * @param parameters all that the optimizer has, in its order
   * @param blocks those that {@link #residual} will be asked for
   * @param replicas that make each update together, all with the same arguments
   * @throws IllegalArgumentException if two blocks have one name or share a parameter, or a block has a parameter that is not among all
   */
  public BlockGradientScaler(Scope scope, Collection<Parameter> parameters, List<GradientBlock> blocks, GradientScaleConfig config, Replicas replicas) {
    super(scope, parameters, blocks, replicas);
    scales = new GradientScales(config, blocked.names());
    savedScales = WideNumbers.of(scope, "scaling.scale", blocks.size());
    savedDivisions = WideNumbers.of(scope, "scaling.division", blocks.size());
  }

  @Override
  double scaleOf(int block) {
    return block == BlockedParameters.OUTSIDE ? 1 : scales.scale(block);
  }

  @Override
  public double lossFactor() {
    return 1;
  }

  /**
   * {@inheritDoc}
   *
   * @param x the stream, F32: it carries no scale, and no other type has room for what the blocks add to its gradient
   * @throws dev.dalle.tensor.ShapeException if it is of another type
   * @throws IllegalStateException if called from within another block's branch, where gradients would carry both scales
   */
  @Override
  public Tensor residual(Tape tape, String block, Tensor x, Branch branch) {
    int number = blocked.number(block);
    if (x.dtype() != DType.F32) {
      throw new ShapeException("x: expected the stream of " + block + " in F32, got " + x);
    }
    return hooks.scaled(tape, number, x, branch, scales.scale(number));
  }

  @Override
  List<String> follow(boolean[] blocks, boolean outside) {
    return scales.update(blocks, outside).divided();
  }

  @Override
  List<NamedTensor> scaleState() {
    GradientScales.State state = scales.state();
    return List.of(savedScales.write(Arrays.stream(state.scales()).mapToLong(Double::doubleToRawLongBits).toArray()), savedDivisions.write(state.lastDivision()));
  }

  @Override
  List<WideNumbers> keptScales() {
    return List.of(savedScales, savedDivisions);
  }

  @Override
  Runnable checkedScales(Function<WideNumbers, long[]> source, FollowedTotals.Saved totals) {
    double[] saved = Arrays.stream(source.apply(savedScales)).mapToDouble(Double::longBitsToDouble).toArray();
    GradientScales.State state = new GradientScales.State(saved, source.apply(savedDivisions), totals.updates(), totals.skipped());
    scales.check(state);
    return () -> scales.restore(state);
  }
}
