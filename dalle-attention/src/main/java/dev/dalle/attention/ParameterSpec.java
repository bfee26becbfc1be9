package dev.dalle.attention;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Shape;
import java.util.Objects;

/**
 * A parameter before it exists.
 *
 * @param name unique within the model
 * @param kind how it may be treated
 * @param shape its dimensions
 * @param constant its initial value where {@code deviation} is 0
 * @param deviation of the normal distribution it starts from, around 0; or 0
 */
public record ParameterSpec(String name, Parameter.Kind kind, Shape shape, double constant, double deviation) {
  /** Checks the numbers. */
  public ParameterSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(shape, "shape");
    if (!(deviation >= 0) || deviation > 0 && constant != 0) {
      throw new IllegalArgumentException(name + ": expected a constant or a deviation, got " + constant + " and " + deviation);
    }
  }

  /** Writes the initial value, a function of seed and name alone. */
  void initialise(Parameter parameter, long seed) {
    if (deviation == 0) {
      parameter.value().device().ops().fill(parameter.value(), constant);
    } else {
      long stream = Philox.stream(name.chars().asLongStream().toArray());
      parameter.value().device().ops().normal(seed, stream, deviation, parameter.value());
    }
  }
}
