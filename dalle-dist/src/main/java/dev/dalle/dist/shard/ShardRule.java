package dev.dalle.dist.shard;

import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Shape;

/** Which dimension of each parameter is split. */
@FunctionalInterface
public interface ShardRule {
  /**
   * The layout of a parameter's shards.
   *
   * @param ranks over which it is split
   */
  ShardLayout layout(String name, Parameter.Kind kind, Shape shape, int ranks);

  /** Matrices by their outermost dimension, everything else element by element. */
  static ShardRule outermost() {
    return (name, kind, shape, ranks) -> kind == Parameter.Kind.MATRIX && shape.rank() > 1 ? rows(shape, 1, ranks)
        : new ShardLayout(1, shape.elementCount(), 1, ranks);
  }

  /**
   * A split of the outermost dimension.
   *
   * @param stacked matrices that lie one behind the other in the outermost dimension, each of which is split by itself
   * @throws IllegalArgumentException if the outermost dimension is not a multiple of that
   */
  static ShardLayout rows(Shape shape, int stacked, int ranks) {
    if (shape.rank() < 1 || stacked < 1 || shape.dim(0) % stacked != 0) {
      throw new IllegalArgumentException("stacked: expected a divisor of the outermost dimension of " + shape + ", got " + stacked);
    }
    return new ShardLayout(stacked, shape.dim(0) / stacked, shape.elementCount() / shape.dim(0), ranks);
  }

  /**
   * A split of the innermost dimension.
   *
   * @throws IllegalArgumentException if there is none
   */
  static ShardLayout columns(Shape shape, int ranks) {
    if (shape.rank() < 1) {
      throw new IllegalArgumentException("shape: expected a dimension to split, got " + shape);
    }
    return new ShardLayout(shape.elementCount() / shape.dim(-1), shape.dim(-1), 1, ranks);
  }
}
