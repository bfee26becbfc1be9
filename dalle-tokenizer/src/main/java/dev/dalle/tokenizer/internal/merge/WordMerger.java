package dev.dalle.tokenizer.internal.merge;

import java.util.Arrays;

/**
 * Applies merges to one piece at a time, exactly: of all adjacent pairs that have a merge, the one of lowest rank, and of equals the leftmost, becomes one
 * token, until no pair has a merge.
 *
 * <p>Short pieces are a plain array that is scanned for its lowest rank each time. Longer ones are a linked list of tokens, and a heap holds the pairs by
 * (rank, position): n symbols take O(n log n) time and O(n) memory.
 *
 * <p>Holds the working arrays of one call and is used by one thread.
 */
public final class WordMerger {
  /** Up to here scanning all pairs for each merge is faster than a heap. */
  private static final int SHORT = 40;
  private static final int NONE = -1;
  private static final long NO_MERGE = Long.MAX_VALUE;
  /** Arrays for longer pieces are not kept. */
  private static final int KEPT = 1 << 16;

  private final PairTable pairs;

  // Input and output: the symbols of the piece, then its tokens. begin has the index of the first symbol of each token.
  private int[] symbols = new int[64];
  private int[] begin = new int[64];
  private int count;
  // Merge of the pair that starts here, rank << 32 | new id, or NO_MERGE.
  private long[] merge = new long[64];

  // The linked list, by position of each token's first symbol.
  private int[] next = new int[0];
  private int[] previous = new int[0];
  // Number of positions with a merge.
  private int liveCandidates;
  // Min-heap of rank << 32 | position. An entry is stale when the merge at its position has another rank. A pair that has gone from a position never comes
  // back there, because tokens only grow, so no two entries are equal.
  private long[] heap = new long[0];
  private int heapSize;
  private long[] dropped = new long[0];

  /**
   * A merger.
   *
   * @param pairs rank << 32 | new id of each pair that has a merge
   */
  public WordMerger(PairTable pairs) {
    this.pairs = pairs;
  }

  /** Makes room for a piece; the caller fills the array's beginning. */
  public int[] symbols(int capacity) {
    if (symbols.length < capacity) {
      int length = Math.max(capacity, symbols.length + (symbols.length >> 1));
      symbols = new int[length];
      begin = new int[length];
      merge = new long[length];
    }
    return symbols;
  }

  /** Number of tokens after merging. */
  public int count() {
    return count;
  }

  /** Token i of the result. */
  public int token(int i) {
    return symbols[i];
  }

  /** Index of the first symbol of token i. */
  public int begin(int i) {
    return begin[i];
  }

  /** Whether this object should be let go because one piece made it large. */
  public boolean isLarge() {
    return symbols.length > KEPT;
  }

  /** Merges the first {@code length} of {@link #symbols}. */
  public void merge(int length) {
    if (length <= SHORT) {
      mergeShort(length);
    } else {
      load(length);
      while (liveCandidates > 0) {
        apply((int) popLive());
      }
      collect();
    }
  }

  private void mergeShort(int length) {
    int[] symbol = symbols;
    int[] first = begin;
    long[] best = merge;
    int n = length;
    for (int i = 0; i < n; i++) {
      first[i] = i;
      best[i] = i + 1 < n ? mergeOf(symbol[i], symbol[i + 1]) : NO_MERGE;
    }
    while (n > 1) {
      long least = NO_MERGE;
      int at = 0;
      for (int i = 0; i < n - 1; i++) {
        if (best[i] < least) {
          least = best[i];
          at = i;
        }
      }
      if (least == NO_MERGE) {
        break;
      }
      symbol[at] = (int) least;
      n--;
      for (int i = at + 1; i < n; i++) {
        symbol[i] = symbol[i + 1];
        first[i] = first[i + 1];
        best[i] = best[i + 1];
      }
      best[at] = at + 1 < n ? mergeOf(symbol[at], symbol[at + 1]) : NO_MERGE;
      if (at > 0) {
        best[at - 1] = mergeOf(symbol[at - 1], symbol[at]);
      }
    }
    count = n;
  }

  /**
   * Merges with BPE dropout: at each step every pair that has a merge is dropped with the same probability, each by itself, the best of those that stay is
   * merged, and the piece is done when none stays (Provilkov et al. 2020, arXiv 1910.13267, algorithm 1). Only the draws down to the first pair that stays
   * matter, so only those are made. Takes O(n log n / (1 - probability)).
   *
   * @param threshold probability of dropping, times 2^53
   */
  public void merge(int length, SplitMix64 random, long threshold) {
    load(length);
    while (liveCandidates > 0) {
      int dropCount = 0;
      while (dropCount < liveCandidates && random.next53() < threshold) {
        dropCount++;
      }
      if (dropCount == liveCandidates) {
        break;
      }
      if (dropped.length < dropCount) {
        dropped = new long[Math.max(dropCount, 2 * dropped.length)];
      }
      for (int i = 0; i < dropCount; i++) {
        dropped[i] = popLive();
      }
      int position = (int) popLive();
      // Dropped for this step only: they are candidates again in the next.
      for (int i = 0; i < dropCount; i++) {
        push(dropped[i]);
      }
      apply(position);
    }
    collect();
  }

  private long mergeOf(int left, int right) {
    long found = pairs.get(PairTable.key(left, right));
    return found == PairTable.ABSENT ? NO_MERGE : found;
  }

  private void load(int length) {
    if (next.length < length) {
      next = new int[symbols.length];
      previous = new int[symbols.length];
      heap = new long[symbols.length];
    }
    heapSize = 0;
    for (int i = 0; i < length; i++) {
      next[i] = i + 1 < length ? i + 1 : NONE;
      previous[i] = i - 1;
      merge[i] = i + 1 < length ? mergeOf(symbols[i], symbols[i + 1]) : NO_MERGE;
      if (merge[i] != NO_MERGE) {
        heap[heapSize++] = entry(merge[i], i);
      }
    }
    count = length;
    liveCandidates = heapSize;
    for (int i = (heapSize >>> 1) - 1; i >= 0; i--) {
      siftDown(i);
    }
  }

  /** Moves the tokens of the list to the front of the arrays. */
  private void collect() {
    int n = 0;
    for (int i = count == 0 ? NONE : 0; i != NONE; i = next[i]) {
      symbols[n] = symbols[i];
      begin[n] = i;
      n++;
    }
    count = n;
  }

  /** Merges the pair that starts at {@code position}. */
  private void apply(int position) {
    int right = next[position];
    symbols[position] = (int) merge[position];
    next[position] = next[right];
    if (next[right] != NONE) {
      previous[next[right]] = position;
    }
    if (merge[right] != NO_MERGE) {
      merge[right] = NO_MERGE;
      liveCandidates--;
    }
    refresh(position);
    if (previous[position] != NONE) {
      refresh(previous[position]);
    }
  }

  /** Brings the pair at {@code position} up to date after one of its two tokens changed. */
  private void refresh(int position) {
    if (merge[position] != NO_MERGE) {
      liveCandidates--;
    }
    int right = next[position];
    merge[position] = right == NONE ? NO_MERGE : mergeOf(symbols[position], symbols[right]);
    if (merge[position] != NO_MERGE) {
      liveCandidates++;
      push(entry(merge[position], position));
    }
  }

  private static long entry(long merge, int position) {
    return merge & 0xFFFFFFFF00000000L | position;
  }

  private long popLive() {
    while (true) {
      long top = heap[0];
      heap[0] = heap[--heapSize];
      siftDown(0);
      if (merge[(int) top] >>> 32 == top >>> 32) {
        return top;
      }
    }
  }

  private void push(long entry) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heap.length + (heap.length >> 1) + 16);
    }
    int child = heapSize++;
    while (child > 0) {
      int parent = child - 1 >>> 1;
      if (heap[parent] <= entry) {
        break;
      }
      heap[child] = heap[parent];
      child = parent;
    }
    heap[child] = entry;
  }

  private void siftDown(int parent) {
    long entry = heap[parent];
    while (true) {
      int child = 2 * parent + 1;
      if (child >= heapSize) {
        break;
      }
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = entry;
  }
}
