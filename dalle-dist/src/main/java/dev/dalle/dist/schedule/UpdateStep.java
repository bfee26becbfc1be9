package dev.dalle.dist.schedule;

import java.util.List;

/**
 * One step of an update.
 *
 * @param index position in the schedule, from 0
 * @param kind what is done
 * @param block whose parameters it concerns, from 0; -1 if all blocks'
 * @param lane what it occupies
 * @param dependencies indices of the steps that must have ended before, all less than {@code index}
 */
public record UpdateStep(int index, Kind kind, int block, Lane lane, List<Integer> dependencies) {
  /** What a step occupies; steps of one lane follow each other. */
  public enum Lane {
    /** The device. */
    COMPUTE,
    /** The links between the ranks of a machine. */
    MACHINE,
    /** The links between machines. */
    NETWORK
  }

  /** What a step does. */
  public enum Kind {
    /** All ranks of the machine collect the block's parameters. */
    GATHER,
    /** The block's activations. */
    FORWARD,
    /** Frees what was gathered. */
    DROP,
    /** Computes the block's activations again, then its gradients. */
    BACKWARD,
    /** Averages the block's gradients over the machine; every rank keeps its shards. */
    REDUCE_SCATTER,
    /** P = E Q0. */
    FACTOR_P,
    /** Averages P over the machines. */
    ALL_REDUCE_P,
    /** Makes the columns of P orthonormal. */
    ORTHOGONALISE,
    /** Q = E^t P. */
    FACTOR_Q,
    /** Averages Q over the machines. */
    ALL_REDUCE_Q,
    /** Averages the block's gradients over the machines as they are, where there is no compression. */
    ALL_REDUCE_GRADIENTS,
    /** Averages all parameters that are never compressed, together and in 32 bits. */
    ALL_REDUCE_UNCOMPRESSED,
    /** The global norm and who has met a number that is not finite. */
    NORM_AND_FLAGS,
    /** Decompresses the block's gradients and updates its parameters. */
    UPDATE
  }

  /** Copies the dependencies. */
  public UpdateStep {
    dependencies = List.copyOf(dependencies);
    for (int dependency : dependencies) {
      if (dependency < 0 || dependency >= index) {
        throw new IllegalArgumentException("step " + index + ": expected dependencies on earlier steps, got " + dependency);
      }
    }
  }

  /** The kind and the block, as in errors: {@code FORWARD of block 3}. */
  public String name() {
    return block < 0 ? kind.name() : kind + " of block " + block;
  }
}
