package dev.dalle.attention;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** From states to scores of one kind of token, in 32 bits: {@code W x}, with a bias if the configuration asks for one. */
final class OutputHead {
  final Parameter weight;
  final Optional<Parameter> bias;

  OutputHead(TransformerConfig config, String name, ParameterSet parameters) {
    weight = parameters.get(name + ".weight");
    bias = config.headBias() ? Optional.of(parameters.get(name + ".bias")) : Optional.empty();
  }

  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(List.of(weight));
    bias.ifPresent(all::add);
    return all;
  }

  /**
   * Scores.
   *
   * @param states F32 {@code [N, d]}
   * @return F32 {@code [N, V]}
   */
  Tensor apply(Tape tape, Tensor states) {
    return bias.isPresent() ? tape.linear(states, weight, bias.get(), DType.F32) : tape.project(states, weight, DType.F32);
  }
}
