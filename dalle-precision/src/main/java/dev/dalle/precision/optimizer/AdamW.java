package dev.dalle.precision.optimizer;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * AdamW with bias correction, decoupled weight decay times the step size on matrices only, and, where configured, a running variance that is clipped
 * by value before it is stored, used or corrected; {@link OptimizerOps#adamW} has the formula. Source: Loshchilov and Hutter 2019, arXiv 1711.05101;
 * Ramesh et al. 2021, arXiv 2102.12092, appendices A.2 and B.2 (that only matrices decay, and that the decay is multiplied by the step size, is our
 * reading).
 *
 * <p>Mean, variance and the number of updates live on the device, and the device decides from the gradient factor whether an update happens. So an
 * update never waits, and one that is skipped leaves everything as it was, to the bit. One thread at a time.
 */
public final class AdamW {
  private record State(Parameter parameter, Tensor mean, Tensor variance) {}

  private final AdamWConfig config;
  private final OptimizerOps ops;
  private final List<State> states = new ArrayList<>();
  private final Tensor updates;
  private final Tensor ownFactor;

  /**
   * An optimizer that has made no update.
   *
   * @param scope owns the state: two F32 tensors a parameter and a few numbers
   * @param parameters on the scope's device
   */
  public AdamW(Scope scope, Collection<Parameter> parameters, AdamWConfig config) {
    this.config = Objects.requireNonNull(config, "config");
    this.ops = scope.device().operations(OptimizerOps.class);
    this.updates = scope.zeros(DType.I32, Shape.of(1));
    this.ownFactor = scope.zeros(DType.F32, Shape.of(1));
    for (Parameter parameter : parameters) {
      states.add(new State(parameter, scope.zeros(DType.F32, parameter.shape()), scope.zeros(DType.F32, parameter.shape())));
    }
  }

  /** Constants. */
  public AdamWConfig config() {
    return config;
  }

  /**
   * Posts one update with the parameters' gradients, which stay as they are.
   *
   * @param stepSize finite
   * @param gradientFactor F32, one element: what every gradient is multiplied by first, such as {@link GlobalNorm#measure} gives it; if it is not
   *     finite, neither parameters nor state change
   */
  public void update(double stepSize, Tensor gradientFactor) {
    ops.countUpdate(gradientFactor, updates);
    for (State state : states) {
      Parameter parameter = state.parameter();
      ops.adamW(config, parameter.kind() == Parameter.Kind.MATRIX, stepSize, gradientFactor, updates, parameter.gradient(), parameter.value(),
          state.mean(), state.variance());
    }
  }

  /**
   * Posts one update with the parameters' gradients. Gradients that are not finite make parameters that are not; {@link GlobalNorm} guards against
   * that.
   *
   * @param stepSize finite
   * @param gradientFactor what every gradient is multiplied by first, finite
   */
  public void update(double stepSize, double gradientFactor) {
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
   * All there is to keep between runs, for files: {@code adamw.updates}, and {@code adamw.mean.NAME} and {@code adamw.variance.NAME} of each
   * parameter. Reading a file into these tensors continues where it was written.
   */
  public List<NamedTensor> state() {
    List<NamedTensor> tensors = new ArrayList<>();
    tensors.add(new NamedTensor("adamw.updates", updates));
    for (State state : states) {
      tensors.add(new NamedTensor("adamw.mean." + state.parameter().name(), state.mean()));
      tensors.add(new NamedTensor("adamw.variance." + state.parameter().name(), state.variance()));
    }
    return tensors;
  }
}
