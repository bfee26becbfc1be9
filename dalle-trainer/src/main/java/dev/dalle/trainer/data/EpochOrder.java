package dev.dalle.trainer.data;

/**
 * An endless shuffled order: every epoch shows every example once, each epoch in another order, and the example at any place
 * is found without walking there. So a resumed run goes on exactly where it stopped, and nothing has to be stored but the seed.
 *
 * <p>How: place k of an epoch goes through a keyed bijection of 2^n numbers (a Feistel network of eight rounds over two halves),
 * again and again until it falls below the size. 2^n is at most four times the size, so this takes four passes on average or
 * fewer. Constant memory.
 *
 * @param seed one order for each
 * @param size examples an epoch, at least 1
 */
public record EpochOrder(long seed, int size) {
  private static final int ROUNDS = 8;

  /** Checks the size. */
  public EpochOrder {
    if (size < 1) {
      throw new IllegalArgumentException("size: expected at least 1 example, got " + size);
    }
  }

  /**
   * The example at a place of the endless order.
   *
   * @param position 0 or more, counted over all epochs
   * @return 0 to size - 1
   */
  public int index(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("position: expected 0 or more, got " + position);
    }
    long epoch = position / size;
    int place = (int) (position % size);
    int half = Math.max(1, (33 - Integer.numberOfLeadingZeros(size - 1)) / 2);
    long key = StableHash.mix(StableHash.mix(seed + 0x9e3779b97f4a7c15L) + epoch);
    long at = place;
    do {
      at = permuted(at, half, key);
    } while (at >= size);
    return (int) at;
  }

  /**
   * The epoch that a place belongs to.
   *
   * @param position 0 or more
   */
  public long epoch(long position) {
    return position / size;
  }

  private static long permuted(long value, int half, long key) {
    long mask = (1L << half) - 1;
    long left = value >>> half;
    long right = value & mask;
    for (int round = 0; round < ROUNDS; round++) {
      long next = left ^ StableHash.mix(key + right * 0x9e3779b97f4a7c15L + round) & mask;
      left = right;
      right = next;
    }
    return left << half | right;
  }
}
