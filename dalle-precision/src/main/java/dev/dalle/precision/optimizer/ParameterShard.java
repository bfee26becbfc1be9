package dev.dalle.precision.optimizer;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Tensor;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A piece of a parameter that an optimizer updates, or the whole of it. Everything that is computed for an element depends on the parameter's name and kind and
 * on the element's index in the whole parameter, never on how it was cut into pieces.
 *
 * @param name of the whole parameter
 * @param kind of the whole parameter
 * @param value the piece; F32, or, for a MATRIX, F16 or BF16
 * @param gradient gives F32 with as many elements, once an update
 * @param place where the piece's elements lie in the whole parameter
 */
public record ParameterShard(String name, Parameter.Kind kind, Tensor value, Supplier<Tensor> gradient, ShardPlace place) {
  /** Checks. */
  public ParameterShard {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(gradient, "gradient");
    Objects.requireNonNull(place, "place");
    if (!value.dtype().isFloating() || kind == Parameter.Kind.FULL && value.dtype() != DType.F32) {
      throw new IllegalArgumentException(name + ": value: expected F32" + (kind == Parameter.Kind.FULL ? "" : ", F16 or BF16") + " for kind " + kind + ", got "
          + value);
    }
  }

  /** The whole of a parameter. */
  public static ParameterShard whole(Parameter parameter) {
    return new ParameterShard(parameter.name(), parameter.kind(), parameter.value(), parameter::gradient, ShardPlace.from(0));
  }
}
