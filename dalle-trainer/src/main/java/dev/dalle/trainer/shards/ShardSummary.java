package dev.dalle.trainer.shards;

import java.util.List;

/**
 * A shard that is there.
 *
 * @param range which
 * @param pictures that have tokens
 * @param skipped pictures that have none
 */
record ShardSummary(ShardRange range, int pictures, List<SkippedPicture> skipped) {
  ShardSummary {
    skipped = List.copyOf(skipped);
  }
}
