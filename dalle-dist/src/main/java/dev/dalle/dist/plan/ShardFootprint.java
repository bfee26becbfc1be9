package dev.dalle.dist.plan;

import java.util.List;

/**
 * What one rank holds of the matrices, and what it averages with other machines in an update, in numbers of 16 bits.
 *
 * @param elements of the rank's shards
 * @param factorP elements of all P
 * @param factorQ elements of all Q
 */
public record ShardFootprint(long elements, long factorP, long factorQ) {
  private static final int BYTES = 2;

  /**
   * Counts. A shard of R rows and C columns has P of R x (rank / m) and Q of C x (rank / m).
   *
   * @param matrices all that are split and compressed
   * @param ranksPerMachine m, 1 or more; divides the split axis of every matrix
   * @param rank r over all ranks of a machine: a multiple of m, at most m times a shard's shorter side
   */
  public static ShardFootprint of(List<PlannedMatrix> matrices, int ranksPerMachine, int rank) {
    if (ranksPerMachine < 1) {
      throw new IllegalArgumentException("ranks per machine: expected 1 or more, got " + ranksPerMachine);
    }
    if (rank < 1 || rank % ranksPerMachine != 0) {
      throw new IllegalArgumentException("compression rank: expected a multiple of the " + ranksPerMachine + " ranks of a machine, got " + rank);
    }
    long shardRank = rank / ranksPerMachine;
    long elements = 0;
    long factorP = 0;
    long factorQ = 0;
    for (PlannedMatrix matrix : matrices) {
      PlannedMatrix shard = matrix.shard(ranksPerMachine);
      long most = Math.min(shard.rows(), shard.columns());
      if (shardRank > most) {
        throw new IllegalArgumentException("compression rank: expected at most " + most * ranksPerMachine + " for " + matrix.name() + ", whose shard is "
            + shard.rows() + " x " + shard.columns() + ", got " + rank);
      }
      elements = Math.addExact(elements, Math.multiplyExact(shard.rows(), shard.columns()));
      factorP = Math.addExact(factorP, Math.multiplyExact(shard.rows(), shardRank));
      factorQ = Math.addExact(factorQ, Math.multiplyExact(shard.columns(), shardRank));
    }
    return new ShardFootprint(elements, factorP, factorQ);
  }

  /** The share of the gradients that is not sent: 1 - (P + Q) / G; negative where factors are larger. */
  public double compressionRate() {
    return 1 - (double) (factorP + factorQ) / elements;
  }

  /** Bytes of the parameters, and as many each of the moments' mean, their variance and the error buffers. */
  public long bytesPerClass() {
    return BYTES * elements;
  }

  /** Bytes of P and Q: what a rank averages in an update. */
  public long factorBytes() {
    return BYTES * (factorP + factorQ);
  }
}
