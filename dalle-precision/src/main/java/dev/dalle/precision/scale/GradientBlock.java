package dev.dalle.precision.scale;

import dev.dalle.tensor.Parameter;
import java.util.List;
import java.util.Objects;

/**
 * A residual block as a {@link GradientScaler} knows it.
 *
 * @param name by which the block is called where it runs, and in messages
 * @param parameters whose gradients come from its branch; none of them in another block
 */
public record GradientBlock(String name, List<Parameter> parameters) {
  /** Copies. */
  public GradientBlock {
    Objects.requireNonNull(name, "name");
    parameters = List.copyOf(parameters);
  }
}
