package dev.dalle.dist.shard;

import dev.dalle.precision.optimizer.ShardPlace;
import dev.dalle.tensor.Shape;

/**
 * How an array is split: read as {@code [groups, axis, inner]}, its middle dimension is cut into as many chunks as there are ranks, all of one length. What the
 * last ones have beyond the end is padding, which is zero and stays so. A shard is {@code [groups, chunk, inner]}. Several groups are several matrices that lie
 * one behind the other, such as queries, keys and values; or, with an inner size of 1, the rows of a matrix that is split by its columns.
 *
 * @param groups at least 1
 * @param axis length of the dimension that is split, at least 1
 * @param inner elements that an entry of that dimension has, at least 1
 * @param ranks at least 1
 */
public record ShardLayout(long groups, long axis, long inner, int ranks) {
  /** Checks the numbers. */
  public ShardLayout {
    if (groups < 1 || axis < 1 || inner < 1 || ranks < 1) {
      throw new IllegalArgumentException("groups, axis, inner and ranks: expected at least 1, got " + groups + ", " + axis + ", " + inner + " and " + ranks);
    }
  }

  /** Entries of the split dimension that each rank has, padding included. */
  public long chunk() {
    return Math.ceilDiv(axis, ranks);
  }

  /** Entries of the split dimension that a rank really has. */
  public long entries(int rank) {
    return Math.clamp(axis - rank * chunk(), 0, chunk());
  }

  /** Elements of the whole. */
  public long elementCount() {
    return groups * axis * inner;
  }

  /** Elements of a shard, padding included. */
  public long shardCount() {
    return groups * chunk() * inner;
  }

  /** Shape of a shard: {@code [groups, chunk, inner]}. */
  public Shape shardShape() {
    return Shape.of(groups, chunk(), inner);
  }

  /** Where the elements of a rank's shard lie in the whole; those of the padding have no place there, and what is told of them means nothing. */
  public ShardPlace place(int rank) {
    long first = rank * chunk() * inner;
    return groups == 1 ? ShardPlace.from(first) : new ShardPlace(first, chunk() * inner, Math.max(chunk(), axis) * inner);
  }

  /** Whether the shards of all ranks, one behind the other, begin with the whole. */
  public boolean isContiguous() {
    return groups == 1 || ranks == 1;
  }

  /** Number of matrices in a shard. */
  public long matrices() {
    return inner == 1 ? 1 : groups;
  }

  /** Rows of each matrix of a shard. */
  public long matrixRows() {
    return inner == 1 ? groups : chunk();
  }

  /** Columns of each matrix of a shard. */
  public long matrixColumns() {
    return inner == 1 ? chunk() : inner;
  }
}
