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

/** A {@link MovingAverage} on the device: four more bytes a number there, and every averaging is one of its operations. */
public final class ExponentialMovingAverage implements MovingAverage {
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

  @Override
  public boolean update(long update) {
    if (!config.isDue(update)) {
      return false;
    }
    averages.forEach((parameter, average) -> ops.average(parameter.value(), config.decay(), average));
    return true;
  }

  @Override
  public void restart() {
    averages.forEach((parameter, average) -> average.device().ops().copy(parameter.value(), average));
  }

  /**
   * {@inheritDoc}
   *
   * @param target on the same device; the copy is posted
   */
  @Override
  public void copyTo(ParameterSet target) {
    checkTarget(averages.keySet(), target);
    averages.forEach((parameter, average) -> average.device().ops().copy(average, target.get(parameter.name()).value()));
  }

  /** Before anything is copied into them. */
  static void checkTarget(Collection<Parameter> averaged, ParameterSet target) {
    for (Parameter parameter : averaged) {
      if (!target.get(parameter.name()).shape().equals(parameter.shape())) {
        throw new ShapeException(parameter.name() + ": expected " + parameter.shape() + " like its average, got " + target.get(parameter.name()).shape());
      }
    }
  }

  static NamedTensor named(Parameter parameter, Tensor average) {
    return new NamedTensor("average." + parameter.name(), average);
  }

  @Override
  public List<NamedTensor> state() {
    List<NamedTensor> tensors = new ArrayList<>();
    averages.forEach((parameter, average) -> tensors.add(named(parameter, average)));
    return tensors;
  }

  /** Does nothing: the averages are the scope's. */
  @Override
  public void close() {}
}
