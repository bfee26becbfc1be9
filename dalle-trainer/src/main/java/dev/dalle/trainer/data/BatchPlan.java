package dev.dalle.trainer.data;

/** Which examples are in which batch. The answers are always the same, from several threads at once. */
public interface BatchPlan {
  /** Number of batches; {@link Long#MAX_VALUE} if they never end. */
  long batches();

  /**
   * Examples of one batch.
   *
   * @param number 0 to batches - 1
   * @return places in whatever the plan is over, in their order in the batch; a new array
   */
  int[] indices(long number);

  /**
   * Batches of one size that never end: batch number b holds places {@code b * batchSize} and following of the order.
   *
   * @param batchSize examples a batch, at least 1
   */
  static BatchPlan endless(EpochOrder order, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize: expected 1 or more examples, got " + batchSize);
    }
    return new BatchPlan() {
      @Override
      public long batches() {
        return Long.MAX_VALUE;
      }

      @Override
      public int[] indices(long number) {
        int[] indices = new int[batchSize];
        for (int i = 0; i < batchSize; i++) {
          indices[i] = order.index(number * batchSize + i);
        }
        return indices;
      }
    };
  }
}
