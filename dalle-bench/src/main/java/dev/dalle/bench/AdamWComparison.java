package dev.dalle.bench;

import dev.dalle.precision.optimizer.AdamW;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** AdamW on both sides. */
final class AdamWComparison implements Comparison {
  private static final double STEP_SIZE = 1e-3;

  private final AdamWState state;
  private final int parameters;
  private final int elements;

  AdamWComparison(String shape, AdamWState state) {
    this.state = state;
    int[] dims = Dims.parse(shape, 2);
    parameters = dims[0];
    elements = dims[1];
  }

  private float[] value(int parameter) {
    return Inputs.normal(2L * parameter, 0.1, elements);
  }

  private float[] gradient(int parameter) {
    return Inputs.normal(2L * parameter + 1, 0.01, elements);
  }

  /** Results are the values after one update, which is the same whatever the moments are kept in, but for the rounding of the values. */
  @Override
  public double tolerance() {
    return Tolerances.of(state.valueType, 1);
  }

  @Override
  public Formulation ours() {
    Scope scope = Ours.device().newScope();
    ParameterSet set = new ParameterSet(scope, state.valueType);
    for (int i = 0; i < parameters; i++) {
      Parameter parameter = set.add("p" + i, Parameter.Kind.MATRIX, elements);
      parameter.value().write(value(i));
      float[] values = gradient(i);
      parameter.addGradient((gradient, accumulate) -> gradient.write(values));
    }
    AdamW optimizer = new AdamW(scope, set.all(), state.config());
    return Ours.of(scope, () -> optimizer.update(STEP_SIZE, 1), set.stream().map(Parameter::value).toArray(dev.dalle.tensor.Tensor[]::new));
  }

  @Override
  public Formulation libtorch() {
    Torch.prepare();
    List<Tensor> values = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    for (int i = 0; i < parameters; i++) {
      values.add(Torch.of(state.valueType, value(i), elements));
      gradients.add(Torch.of(state.valueType, gradient(i), elements));
    }
    TorchOptimizer optimizer = new TorchOptimizer(values, state.config(), true);
    return Torch.into(() -> optimizer.update(gradients, STEP_SIZE), values.toArray(Tensor[]::new));
  }
}
