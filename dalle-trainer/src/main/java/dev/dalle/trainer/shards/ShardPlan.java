package dev.dalle.trainer.shards;

import dev.dalle.trainer.data.BatchPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Batches that fill shards one after another. None reaches over the end of a shard, so that a shard does not depend on which others were made before. */
final class ShardPlan implements BatchPlan {
  private final List<Batch> batches = new ArrayList<>();

  /**
   * One batch.
   *
   * @param shard that it belongs to
   * @param from first row
   * @param to row after the last
   */
  record Batch(ShardRange shard, int from, int to) {
    int rows() {
      return to - from;
    }
  }

  ShardPlan(List<ShardRange> shards, int batchSize) {
    for (ShardRange shard : shards) {
      for (int from = shard.from(); from < shard.to(); from += Math.min(batchSize, shard.to() - from)) {
        batches.add(new Batch(shard, from, from + Math.min(batchSize, shard.to() - from)));
      }
    }
  }

  Batch batch(long number) {
    return batches.get(Math.toIntExact(number));
  }

  @Override
  public long batches() {
    return batches.size();
  }

  @Override
  public int[] indices(long number) {
    return IntStream.range(batch(number).from(), batch(number).to()).toArray();
  }
}
