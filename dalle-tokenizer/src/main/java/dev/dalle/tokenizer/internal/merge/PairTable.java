package dev.dalle.tokenizer.internal.merge;

import java.util.Arrays;

/**
 * A hash table from a pair of token ids to a long that is not negative: open addressing, linear probing, at most half full, key and value side by side. The
 * owner writes from one thread; a table that is no longer written may be read by any number of threads.
 */
public final class PairTable {
  /** What {@link #get} gives for a pair that is not there. */
  public static final long ABSENT = -1;
  private static final long EMPTY = -1;

  // Key at 2 s, value at 2 s + 1.
  private long[] slots;
  private int size;
  private int shift;
  // Differs from table to table, so that no vocabulary file can be made whose pairs all meet in one slot.
  private final long salt = System.nanoTime() * 0x9E3779B97F4A7C15L | 1;

  /** An empty table. */
  public PairTable(int expectedSize) {
    allocate(Integer.highestOneBit(Math.max(8, expectedSize)) << 2);
  }

  private void allocate(int capacity) {
    slots = new long[2 * capacity];
    Arrays.fill(slots, EMPTY);
    shift = Long.numberOfLeadingZeros(capacity) + 1;
  }

  /** The pair as one number; its natural order is by left id, then by right id. */
  public static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  /** Number of pairs. */
  public int size() {
    return size;
  }

  /** The value put for {@code key}, or {@link #ABSENT}. */
  public long get(long key) {
    long[] table = slots;
    int at = slot(key);
    while (true) {
      long found = table[at];
      if (found == key) {
        return table[at + 1];
      }
      if (found == EMPTY) {
        return ABSENT;
      }
      at = at + 2 & table.length - 1;
    }
  }

  /**
   * Puts a value, in place of the one that is there.
   *
   * @param value 0 or more
   * @return what was there, or {@link #ABSENT}
   */
  public long put(long key, long value) {
    if (4L * (size + 1) > slots.length) {
      grow();
    }
    int at = slot(key);
    while (slots[at] != EMPTY) {
      if (slots[at] == key) {
        long before = slots[at + 1];
        slots[at + 1] = value;
        return before;
      }
      at = at + 2 & slots.length - 1;
    }
    slots[at] = key;
    slots[at + 1] = value;
    size++;
    return ABSENT;
  }

  /** Twice the slot's number: the highest bits of a product, which depend on all bits of the key. */
  private int slot(long key) {
    long mixed = key ^ key >>> 29;
    return (int) (mixed * salt >>> shift) << 1;
  }

  private void grow() {
    if (slots.length >= 1 << 30) {
      throw new OutOfMemoryError("more than " + size + " different token pairs; train on fewer different words");
    }
    long[] old = slots;
    allocate(old.length);
    size = 0;
    for (int i = 0; i < old.length; i += 2) {
      if (old[i] != EMPTY) {
        put(old[i], old[i + 1]);
      }
    }
  }
}
