package dev.dalle.dist.schedule;

import dev.dalle.dist.schedule.UpdateStep.Kind;
import dev.dalle.dist.schedule.UpdateStep.Lane;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Lists an update's steps: a dependency on a step that the options leave out is left out, too. */
final class ScheduleBuilder {
  private static final int NONE = -1;

  private final int blocks;
  private final ScheduleOptions options;
  private final boolean sharded;
  private final boolean networked;
  private final List<UpdateStep> steps = new ArrayList<>();
  private final Map<Kind, int[]> latest = new EnumMap<>(Kind.class);

  ScheduleBuilder(int blocks, ScheduleOptions options) {
    this.blocks = blocks;
    this.options = options;
    this.sharded = options.ranksPerMachine() > 1;
    this.networked = options.machines() > 1;
    for (Kind kind : Kind.values()) {
      int[] none = new int[blocks];
      Arrays.fill(none, NONE);
      latest.put(kind, none);
    }
  }

  List<UpdateStep> build() {
    forward();
    backward();
    update();
    return steps;
  }

  private void forward() {
    int ahead = options.prefetch();
    for (int block = 0; block < Math.min(ahead, blocks); block++) {
      gather(block);
    }
    for (int block = 0; block < blocks; block++) {
      if (block + ahead < blocks) {
        gather(block + ahead, at(Kind.DROP, block - 1));
      }
      add(Kind.FORWARD, block, Lane.COMPUTE, at(Kind.GATHER, block), at(Kind.FORWARD, block - 1));
      if (sharded && block < blocks - 1) {
        add(Kind.DROP, block, Lane.COMPUTE, at(Kind.FORWARD, block));
      }
    }
  }

  private void backward() {
    int ahead = Math.min(options.prefetch(), options.unfinishedReductions());
    for (int block = blocks - 2; block > blocks - 1 - ahead && block >= 0; block--) {
      gatherAgain(block, ahead);
    }
    for (int block = blocks - 1; block >= -2; block--) {
      int next = block - ahead;
      if (block >= 0 && next >= 0 && next < blocks - 1) {
        gatherAgain(next, ahead);
      }
      if (block >= 0) {
        int before = block == blocks - 1 ? at(Kind.FORWARD, block) : at(Kind.BACKWARD, block + 1);
        add(Kind.BACKWARD, block, Lane.COMPUTE, at(Kind.GATHER, block), before);
        if (sharded) {
          add(Kind.DROP, block, Lane.COMPUTE, at(Kind.BACKWARD, block));
          add(Kind.REDUCE_SCATTER, block, Lane.MACHINE, at(Kind.BACKWARD, block));
        }
      }
      average(block + 1, block + 2);
    }
  }

  private void gatherAgain(int block, int ahead) {
    gather(block, at(Kind.DROP, block), at(Kind.DROP, block + ahead + 1), at(Kind.REDUCE_SCATTER, block + 1 + options.unfinishedReductions()));
  }

  private void average(int reduced, int factored) {
    if (!options.compressed()) {
      if (networked && inside(reduced)) {
        add(Kind.ALL_REDUCE_GRADIENTS, reduced, Lane.NETWORK, gradients(reduced));
      }
      return;
    }
    if (inside(reduced)) {
      add(Kind.FACTOR_P, reduced, Lane.COMPUTE, gradients(reduced));
      if (networked) {
        add(Kind.ALL_REDUCE_P, reduced, Lane.NETWORK, at(Kind.FACTOR_P, reduced));
      }
    }
    if (inside(factored)) {
      add(Kind.ORTHOGONALISE, factored, Lane.COMPUTE, at(networked ? Kind.ALL_REDUCE_P : Kind.FACTOR_P, factored));
      add(Kind.FACTOR_Q, factored, Lane.COMPUTE, at(Kind.ORTHOGONALISE, factored));
      if (networked) {
        add(Kind.ALL_REDUCE_Q, factored, Lane.NETWORK, at(Kind.FACTOR_Q, factored));
      }
    }
  }

  private void update() {
    Lane links = networked ? Lane.NETWORK : sharded ? Lane.MACHINE : Lane.COMPUTE;
    int[] averaged = new int[blocks + 1];
    for (int block = 0; block < blocks; block++) {
      averaged[block] = averaged(block);
    }
    averaged[blocks] = NONE;
    if (networked || sharded) {
      int[] backward = latest.get(Kind.BACKWARD);
      averaged[blocks] = add(Kind.ALL_REDUCE_UNCOMPRESSED, NONE, links, backward);
    }
    int norm = add(Kind.NORM_AND_FLAGS, NONE, links, averaged);
    for (int block = 0; block < blocks; block++) {
      add(Kind.UPDATE, block, Lane.COMPUTE, norm, at(Kind.UPDATE, block - 1));
    }
  }

  private int averaged(int block) {
    if (options.compressed()) {
      return at(networked ? Kind.ALL_REDUCE_Q : Kind.FACTOR_Q, block);
    }
    return networked ? at(Kind.ALL_REDUCE_GRADIENTS, block) : gradients(block);
  }

  private int gradients(int block) {
    return at(sharded ? Kind.REDUCE_SCATTER : Kind.BACKWARD, block);
  }

  private void gather(int block, int... dependencies) {
    if (sharded) {
      add(Kind.GATHER, block, Lane.MACHINE, dependencies);
    }
  }

  private boolean inside(int block) {
    return block >= 0 && block < blocks;
  }

  private int at(Kind kind, int block) {
    return inside(block) ? latest.get(kind)[block] : NONE;
  }

  private int add(Kind kind, int block, Lane lane, int... dependencies) {
    int index = steps.size();
    List<Integer> present = Arrays.stream(dependencies).filter(dependency -> dependency != NONE).distinct().sorted().boxed().toList();
    steps.add(new UpdateStep(index, kind, block, lane, present));
    if (block != NONE) {
      latest.get(kind)[block] = index;
    }
    return index;
  }
}
