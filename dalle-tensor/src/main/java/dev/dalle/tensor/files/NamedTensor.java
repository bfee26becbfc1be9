package dev.dalle.tensor.files;

import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * A tensor under the name that it has in a file.
 *
 * @param name any text but {@code __metadata__}
 * @param tensor of any type, on any device
 */
public record NamedTensor(String name, Tensor tensor) {
  /** Checks. */
  public NamedTensor {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(tensor, "tensor");
  }

  /** The values of all parameters in their order, each named {@code prefix} followed by the parameter's name. */
  public static List<NamedTensor> ofParameters(String prefix, ParameterSet parameters) {
    return parameters.stream().map(parameter -> new NamedTensor(prefix + parameter.name(), parameter.value())).toList();
  }
}
