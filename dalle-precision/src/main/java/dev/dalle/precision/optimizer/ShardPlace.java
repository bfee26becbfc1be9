package dev.dalle.precision.optimizer;

/**
 * Where the elements of a shard lie in the whole parameter: in runs of equal length, the same distance apart. Element i has the index
 * {@code first + (i / run) * stride + i % run} there. A split of the outermost dimension is one run; a split of another dimension is one for each entry of those
 * before it.
 *
 * @param first index of the shard's first element in the whole parameter
 * @param run elements that lie one behind the other in both
 * @param stride from the beginning of a run to that of the next, in the whole parameter
 */
public record ShardPlace(long first, long run, long stride) {
  /** Checks the numbers. */
  public ShardPlace {
    if (first < 0) {
      throw new IllegalArgumentException("first: expected an index of at least 0, got " + first);
    }
    if (run < 1 || stride < run) {
      throw new IllegalArgumentException("run and stride: expected at least 1, and a stride of at least the run, got " + run + " and " + stride);
    }
  }

  /** One run, however long. */
  public static ShardPlace from(long first) {
    return new ShardPlace(first, Long.MAX_VALUE, Long.MAX_VALUE);
  }

  /** The index of an element of the shard in the whole parameter. */
  public long index(long element) {
    return element < run ? first + element : first + element / run * stride + element % run;
  }
}
