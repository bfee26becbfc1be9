package dev.dalle.dist.shard;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import java.util.Objects;

/** Checks every argument before a device sees it, so that all devices refuse the same things in the same words. */
public final class CheckedShardOps implements ShardOps {
  private final Device device;
  private final ShardOps ops;

  /** In front of a device's own operations. */
  public CheckedShardOps(Device device, ShardOps ops) {
    this.device = Objects.requireNonNull(device, "device");
    this.ops = Objects.requireNonNull(ops, "ops");
  }

  @Override
  public void cut(Tensor whole, ShardLayout layout, Tensor shards) {
    check(whole, shards, layout.elementCount(), layout.ranks() * layout.shardCount(), layout);
    ops.cut(whole, layout, shards);
  }

  @Override
  public void cutOne(Tensor whole, ShardLayout layout, int rank, Tensor shard) {
    if (rank < 0 || rank >= layout.ranks()) {
      throw new IllegalArgumentException("rank: expected 0 to " + (layout.ranks() - 1) + ", got " + rank);
    }
    check(whole, shard, layout.elementCount(), layout.shardCount(), layout);
    ops.cutOne(whole, layout, rank, shard);
  }

  @Override
  public void join(Tensor shards, ShardLayout layout, Tensor whole) {
    check(whole, shards, layout.elementCount(), layout.ranks() * layout.shardCount(), layout);
    ops.join(shards, layout, whole);
  }

  private void check(Tensor whole, Tensor shards, long wholeCount, long shardsCount, ShardLayout layout) {
    if (whole.device() != device || shards.device() != device) {
      throw new ShapeException("shards: expected tensors on " + device.name() + ", got " + whole + " and " + shards);
    }
    if (whole.dtype() != shards.dtype()) {
      throw new ShapeException("shards: expected the whole and its shards in one type, got " + whole + " and " + shards);
    }
    if (whole.elementCount() != wholeCount || shards.elementCount() != shardsCount) {
      throw new ShapeException("shards: expected " + wholeCount + " elements in the whole and " + shardsCount + " in what is cut from it for " + layout + ", got "
          + whole + " and " + shards);
    }
  }
}
