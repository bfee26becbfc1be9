package dev.dalle.dvae;

import dev.dalle.tensor.ParameterSet;
import java.util.List;

/** Makes a network's groups of residual blocks. */
final class Resblocks {
  private Resblocks() {}

  static List<List<Resblock>> make(ParameterSet parameters, NetworkPlan plan, double postGain) {
    return plan.groups().stream()
        .map(group -> group.stream().map(block -> new Resblock(parameters, block, postGain)).toList())
        .toList();
  }
}
