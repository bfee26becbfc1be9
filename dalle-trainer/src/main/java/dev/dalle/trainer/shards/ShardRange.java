package dev.dalle.trainer.shards;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What belongs into one shard. The rows of a part are its examples in their order, once for each copy: row r is copy {@code r / examples} of example
 * {@code r % examples}.
 *
 * @param part side of the split
 * @param number of the shard in its part, from 0
 * @param from first row
 * @param to row after the last
 */
record ShardRange(ShardPart part, int number, int from, int to) {
  /** All shards of a recipe, those of the training part first. */
  static List<ShardRange> all(ShardRecipe recipe) {
    List<ShardRange> ranges = new ArrayList<>();
    for (ShardPart part : ShardPart.values()) {
      int rows = recipe.rows(part);
      int shards = Math.ceilDiv(rows, recipe.shardSize());
      for (int number = 0; number < shards; number++) {
        int from = number * recipe.shardSize();
        ranges.add(new ShardRange(part, number, from, from + Math.min(recipe.shardSize(), rows - from)));
      }
    }
    return ranges;
  }

  int rows() {
    return to - from;
  }

  String fileName() {
    return String.format(Locale.ROOT, "%s-%05d.safetensors", part.text(), number);
  }

  Path file(Path folder) {
    return folder.resolve(fileName());
  }
}
