package dev.dalle.tokenizer;

import java.util.Arrays;

/**
 * A hash table from a pair of token ids to an int: open addressing, linear probing, at most half full. The owner writes
 * from one thread; a table that is no longer written may be read by any number of threads.
 */
final class PairTable {

    static final int ABSENT = -1;
    private static final long EMPTY = -1;

    private long[] keys;
    private int[] values;
    private int size;
    // Differs from table to table, so that no vocabulary file can be made whose pairs all meet in one slot.
    private final long salt = System.nanoTime();

    PairTable(int expectedSize) {
        int capacity = Integer.highestOneBit(Math.max(8, expectedSize)) << 2;
        keys = new long[capacity];
        values = new int[capacity];
        Arrays.fill(keys, EMPTY);
    }

    /** The pair as one number; its natural order is by left id, then by right id. */
    static long key(int left, int right) {
        return (long) left << 32 | right;
    }

    /** The value put for {@code key}, or {@link #ABSENT}. */
    int get(long key) {
        int slot = slot(key, keys);
        return keys[slot] == key ? values[slot] : ABSENT;
    }

    /** Puts a pair that is not in the table yet. */
    void put(long key, int value) {
        if (2 * (size + 1) > keys.length) {
            grow();
        }
        int slot = slot(key, keys);
        assert keys[slot] == EMPTY : "pair put twice";
        keys[slot] = key;
        values[slot] = value;
        size++;
    }

    private int slot(long key, long[] in) {
        int mask = in.length - 1;
        int slot = (int) SplitMix64.mix(key ^ salt) & mask;
        while (in[slot] != EMPTY && in[slot] != key) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void grow() {
        if (keys.length >= 1 << 30) {
            throw new OutOfMemoryError("more than " + size + " different token pairs; train on fewer different words");
        }
        long[] oldKeys = keys;
        int[] oldValues = values;
        keys = new long[2 * oldKeys.length];
        values = new int[2 * oldKeys.length];
        Arrays.fill(keys, EMPTY);
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != EMPTY) {
                int slot = slot(oldKeys[i], keys);
                keys[slot] = oldKeys[i];
                values[slot] = oldValues[i];
            }
        }
    }
}
