package dev.dalle.dist.shard;

import dev.dalle.tensor.Parameter;
import java.util.List;
import java.util.Objects;

/**
 * A part of a model that is in memory as a whole or not at all.
 *
 * @param name for messages
 * @param parameters all detached, none of them in another block
 */
public record ShardedBlock(String name, List<Parameter> parameters) {
  /** Copies and checks. */
  public ShardedBlock {
    Objects.requireNonNull(name, "name");
    parameters = List.copyOf(parameters);
    for (Parameter parameter : parameters) {
      if (parameter.hasValue()) {
        throw new IllegalArgumentException(name + ": expected detached parameters, which own no memory, got " + parameter
            + " with a value; make them with ParameterSet.detached");
      }
    }
  }
}
