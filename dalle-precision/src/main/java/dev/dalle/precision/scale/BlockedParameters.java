package dev.dalle.precision.scale;

import dev.dalle.tensor.Parameter;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A model's parameters in the optimizer's order, and which block each of them is in, if any. */
final class BlockedParameters {
  /** In place of a block's number. */
  static final int OUTSIDE = -1;

  private final List<Parameter> parameters;
  private final List<String> names;
  private final Map<String, Integer> numberOfName = new HashMap<>();
  private final int[] blockOf;

  /**
   * Checks both.
   *
   * @throws IllegalArgumentException if two blocks have one name or share a parameter, or a block has a parameter that the model has not
   */
  BlockedParameters(Collection<Parameter> parameters, List<GradientBlock> blocks) {
    this.parameters = List.copyOf(parameters);
    this.names = blocks.stream().map(GradientBlock::name).toList();
    this.blockOf = new int[this.parameters.size()];
    Arrays.fill(blockOf, OUTSIDE);
    Map<Parameter, Integer> placeOf = new IdentityHashMap<>();
    for (Parameter parameter : this.parameters) {
      placeOf.put(parameter, placeOf.size());
    }
    for (GradientBlock block : blocks) {
      if (numberOfName.putIfAbsent(block.name(), numberOfName.size()) != null) {
        throw new IllegalArgumentException("blocks: expected different names, got " + names);
      }
      for (Parameter parameter : block.parameters()) {
        Integer place = placeOf.get(parameter);
        if (place == null) {
          throw new IllegalArgumentException("blocks: " + parameter + " of " + block.name() + " is not among the parameters");
        }
        if (blockOf[place] != OUTSIDE) {
          throw new IllegalArgumentException("blocks: " + parameter + " is in " + names.get(blockOf[place]) + " and in " + block.name());
        }
        blockOf[place] = numberOfName.get(block.name());
      }
    }
  }

  /** All, in the optimizer's order. */
  List<Parameter> parameters() {
    return parameters;
  }

  /** Names of the blocks, in order. */
  List<String> names() {
    return names;
  }

  /** The block of the parameter at a place, or {@link #OUTSIDE}. */
  int blockOf(int place) {
    return blockOf[place];
  }

  /**
   * The number of a block.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  int number(String block) {
    Integer number = numberOfName.get(block);
    if (number == null) {
      throw new IllegalArgumentException("block: expected one of " + names + ", got " + block);
    }
    return number;
  }

  /** Names of the flagged blocks. */
  List<String> namesOf(boolean[] flagged) {
    return IntStream.range(0, flagged.length).filter(block -> flagged[block]).mapToObj(names::get).toList();
  }

  /** For each block whether a parameter in it is flagged. */
  boolean[] flaggedBlocks(boolean[] flags) {
    boolean[] flagged = new boolean[names.size()];
    for (int place = 0; place < flags.length; place++) {
      if (flags[place] && blockOf[place] != OUTSIDE) {
        flagged[blockOf[place]] = true;
      }
    }
    return flagged;
  }

  /** Whether a parameter outside all blocks is flagged. */
  boolean flaggedOutside(boolean[] flags) {
    for (int place = 0; place < flags.length; place++) {
      if (flags[place] && blockOf[place] == OUTSIDE) {
        return true;
      }
    }
    return false;
  }
}
