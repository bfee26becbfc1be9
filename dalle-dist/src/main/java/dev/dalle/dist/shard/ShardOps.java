package dev.dalle.dist.shard;

import dev.dalle.tensor.Tensor;

/**
 * Cutting arrays into shards and joining them again on a device; {@code device.operations(ShardOps.class)} gives them. Elements are moved, bits unchanged. Posted,
 * never waited for. Methods throw {@link dev.dalle.tensor.ShapeException} before anything is posted if shapes, types or devices do not fit.
 */
public interface ShardOps {
  /**
   * The shards of all ranks, one behind the other; padding becomes zero.
   *
   * @param whole any type, {@link ShardLayout#elementCount} elements
   * @param shards of the same type, {@code ranks} times {@link ShardLayout#shardCount} elements, overwritten
   */
  void cut(Tensor whole, ShardLayout layout, Tensor shards);

  /**
   * One rank's shard; padding becomes zero.
   *
   * @param whole any type, {@link ShardLayout#elementCount} elements
   * @param shard of the same type, {@link ShardLayout#shardCount} elements, overwritten
   */
  void cutOne(Tensor whole, ShardLayout layout, int rank, Tensor shard);

  /**
   * The whole out of the shards of all ranks.
   *
   * @param shards any type, {@code ranks} times {@link ShardLayout#shardCount} elements
   * @param whole of the same type, {@link ShardLayout#elementCount} elements, overwritten
   */
  void join(Tensor shards, ShardLayout layout, Tensor whole);
}
