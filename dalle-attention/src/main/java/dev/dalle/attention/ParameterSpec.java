package dev.dalle.attention;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Shape;
import java.util.List;
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

  /** Gain and bias of a layer norm: 1 and 0, 32-bit. */
  public static List<ParameterSpec> norm(String name, int width) {
    return List.of(constant(name + ".gain", 1, width), constant(name + ".bias", 0, width));
  }

  /** Weight {@code [outputs, inputs]} and bias of a linear layer: a matrix of deviation {@code gain / sqrt(inputs)}, and zeros. */
  public static List<ParameterSpec> linear(String name, double gain, int outputs, int inputs) {
    return List.of(new ParameterSpec(name + ".weight", Parameter.Kind.MATRIX, Shape.of(outputs, inputs), 0, gain / Math.sqrt(inputs)),
        constant(name + ".bias", 0, outputs));
  }

  private static ParameterSpec constant(String name, double value, long... dims) {
    return new ParameterSpec(name, Parameter.Kind.FULL, Shape.of(dims), value, 0);
  }

  /** Writes the initial value into a parameter of this name and shape; a function of seed and name alone, rounded to the type of the parameter's value. */
  public void initialise(Parameter parameter, long seed) {
    if (deviation == 0) {
      parameter.value().device().ops().fill(parameter.value(), constant);
    } else {
      parameter.drawNormal(seed, Philox.stream(name.chars().asLongStream().toArray()), deviation);
    }
  }
}
