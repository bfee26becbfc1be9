package dev.dalle.precision.optimizer;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Exponentially weighted averages of parameters, F32: every so many updates {@code average += (1 - decay) * (value - average)}. They start as
 * a copy of the parameters. Source: Ramesh et al. 2021, arXiv 2102.12092, appendices A.2 and B.2 (the start is our choice).
 *
 * <p>The number of the update is the caller's, so there is no counter to keep between runs. A skipped update counts like another: the average
 * then moves towards parameters that stayed. One thread at a time.
 */
public final class ExponentialMovingAverage {
  private final MovingAverageConfig config;
  private final OptimizerOps ops;
  private final Map<Parameter, Tensor> averages = new LinkedHashMap<>();

  /**
   * Averages equal to the parameters' present values.
   *
   * @param scope owns the averages, one F32 tensor a parameter
   * @param parameters on the scope's device
   */
  public ExponentialMovingAverage(Scope scope, Collection<Parameter> parameters, MovingAverageConfig config) {
    this.config = Objects.requireNonNull(config, "config");
    this.ops = scope.device().operations(OptimizerOps.class);
    for (Parameter parameter : parameters) {
      Tensor average = scope.allocate(DType.F32, parameter.shape());
      scope.device().ops().copy(parameter.value(), average);
      averages.put(parameter, average);
    }
  }

  /**
   * Posts the averaging if this update's number is a multiple of the interval.
   *
   * @param update number of the update just made, counting from 1
   * @return whether it was
   */
  public boolean update(long update) {
    if (update < 1) {
      throw new IllegalArgumentException("update: expected a number of at least 1, got " + update);
    }
    if (update % config.interval() != 0) {
      return false;
    }
    averages.forEach((parameter, average) -> ops.average(parameter.value(), config.decay(), average));
    return true;
  }

  /** Starts again from the parameters' present values. */
  public void restart() {
    averages.forEach((parameter, average) -> average.device().ops().copy(parameter.value(), average));
  }

  /**
   * Posts a copy of the averages into parameters of the same names, such as those of a second model for evaluation.
   *
   * @param target on the same device; may have more parameters, which stay as they are
   * @throws IllegalArgumentException if a name is missing there
   * @throws ShapeException if a shape differs there
   */
  public void copyTo(ParameterSet target) {
    averages.forEach((parameter, average) -> {
      if (!target.get(parameter.name()).shape().equals(average.shape())) {
        throw new ShapeException(parameter.name() + ": expected " + average.shape() + " like its average, got "
            + target.get(parameter.name()).shape());
      }
    });
    averages.forEach((parameter, average) -> average.device().ops().copy(average, target.get(parameter.name()).value()));
  }

  /** All there is to keep between runs, for files: {@code average.NAME} of each parameter. */
  public List<NamedTensor> state() {
    List<NamedTensor> tensors = new ArrayList<>();
    averages.forEach((parameter, average) -> tensors.add(new NamedTensor("average." + parameter.name(), average)));
    return tensors;
  }
}
