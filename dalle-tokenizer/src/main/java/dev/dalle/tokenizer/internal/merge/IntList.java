package dev.dalle.tokenizer.internal.merge;

import java.util.Arrays;

/** A growing array of ints. */
public final class IntList {
  private int[] items;
  private int size;

  /** An empty list. */
  public IntList(int capacity) {
    items = new int[capacity];
  }

  /** Number of items. */
  public int size() {
    return size;
  }

  /** Item i. */
  public int get(int i) {
    return items[i];
  }

  /** Appends an item. */
  public void add(int item) {
    if (size == items.length) {
      ensure(size + 1);
    }
    items[size++] = item;
  }

  /** Appends all of an array. */
  public void addAll(int[] more) {
    if (size + more.length > items.length) {
      ensure(Math.addExact(size, more.length));
    }
    // Nearly always one to three tokens: a call to arraycopy takes longer.
    for (int item : more) {
      items[size++] = item;
    }
  }

  /** Forgets the items; memory stays. */
  public void clear() {
    size = 0;
  }

  /** Length of the array behind the list. */
  public int capacity() {
    return items.length;
  }

  /** A copy of the items. */
  public int[] toArray() {
    return Arrays.copyOf(items, size);
  }

  /** A copy of the items from an index on. */
  public int[] toArray(int from) {
    return Arrays.copyOfRange(items, from, size);
  }

  private void ensure(int needed) {
    if (needed > Integer.MAX_VALUE - 8) {
      throw new OutOfMemoryError("more than " + (Integer.MAX_VALUE - 8) + " tokens in one text; cut the text into parts");
    }
    long grown = Math.max(needed, items.length + (items.length >> 1) + 8L);
    items = Arrays.copyOf(items, (int) Math.min(grown, Integer.MAX_VALUE - 8));
  }
}
