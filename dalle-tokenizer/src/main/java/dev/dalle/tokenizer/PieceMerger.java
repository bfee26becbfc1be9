package dev.dalle.tokenizer;

import java.util.Arrays;

/**
 * Applies merges to one word at a time. The word is a linked list of tokens; every adjacent pair that has a merge is a
 * <em>candidate</em>, and a heap holds the candidates by (rank, position), so the lowest rank comes first and, within
 * one rank, the leftmost. A word of n letters takes O(n log n) time and O(n) memory.
 *
 * <p>Doing one occurrence at a time gives the same tokens as applying merge 0 everywhere, then merge 1 everywhere, and
 * so on: a merge never makes a pair of a lower or equal rank, because the new token is used by later merges only.
 *
 * <p>Holds the working arrays of one call and is used by one thread.
 */
final class PieceMerger {

    private static final int NONE = -1;

    private final PairTable ranks;

    // The word, by position of each token's first letter; a token keeps the position of its left part.
    private int[] symbol = new int[0];
    private int[] next = new int[0];
    private int[] previous = new int[0];
    // Rank of the pair that starts here, or NONE.
    private int[] rank = new int[0];
    // Number of positions whose rank is not NONE.
    private int liveCandidates;

    // Min-heap of rank << 32 | position. An entry is stale when rank[position] is no longer its rank. A pair that has
    // gone from a position never comes back there, so no two entries are equal.
    private long[] heap = new long[0];
    private int heapSize;
    private long[] dropped = new long[0];

    PieceMerger(PairTable ranks) {
        this.ranks = ranks;
    }

    /** Encodes the word {@code text[from, to)} exactly and appends its tokens. */
    void append(String text, int from, int to, IntList out) {
        load(text, from, to);
        while (liveCandidates > 0) {
            apply((int) popLive());
        }
        emit(out);
    }

    /**
     * Encodes the word with BPE dropout: at each step every candidate is dropped with the same probability, each by
     * itself, the best of those that stay is merged, and the word is done when none stays (Provilkov et al. 2020,
     * arXiv 1910.13267, algorithm 1). Only the draws down to the first candidate that stays matter, so only those are
     * made. Takes O(n log n / (1 - probability)).
     *
     * @param threshold probability of dropping, times 2^53
     */
    void append(String text, int from, int to, IntList out, SplitMix64 random, long threshold) {
        load(text, from, to);
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
        emit(out);
    }

    private void load(String text, int from, int to) {
        int length = to - from;
        if (symbol.length < length) {
            int capacity = Math.max(length, 64);
            symbol = new int[capacity];
            next = new int[capacity];
            previous = new int[capacity];
            rank = new int[capacity];
            heap = new long[capacity];
        }
        for (int i = 0; i < length; i++) {
            symbol[i] = text.charAt(from + i);
            next[i] = i + 1 < length ? i + 1 : NONE;
            previous[i] = i - 1;
        }
        heapSize = 0;
        for (int i = 0; i < length; i++) {
            rank[i] = rankAt(i);
            if (rank[i] != NONE) {
                heap[heapSize++] = entry(rank[i], i);
            }
        }
        liveCandidates = heapSize;
        for (int i = (heapSize >>> 1) - 1; i >= 0; i--) {
            siftDown(i);
        }
    }

    private void emit(IntList out) {
        for (int i = 0; i != NONE; i = next[i]) {
            out.add(symbol[i]);
        }
    }

    /** Merges the pair that starts at {@code position}. */
    private void apply(int position) {
        int right = next[position];
        symbol[position] = BpeTokenizer.BYTE_TOKENS + rank[position];
        next[position] = next[right];
        if (next[right] != NONE) {
            previous[next[right]] = position;
        }
        if (rank[right] != NONE) {
            rank[right] = NONE;
            liveCandidates--;
        }
        refresh(position);
        if (previous[position] != NONE) {
            refresh(previous[position]);
        }
    }

    /** Brings the candidate at {@code position} up to date after one of its two tokens changed. */
    private void refresh(int position) {
        if (rank[position] != NONE) {
            liveCandidates--;
        }
        rank[position] = rankAt(position);
        if (rank[position] != NONE) {
            liveCandidates++;
            push(entry(rank[position], position));
        }
    }

    private int rankAt(int position) {
        int right = next[position];
        return right == NONE ? NONE : ranks.get(PairTable.key(symbol[position], symbol[right]));
    }

    private static long entry(int rank, int position) {
        return (long) rank << 32 | position;
    }

    private long popLive() {
        while (true) {
            long top = heap[0];
            heap[0] = heap[--heapSize];
            siftDown(0);
            if (rank[(int) top] == (int) (top >>> 32)) {
                return top;
            }
        }
    }

    private void push(long entry) {
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, IntList.grownLength(heap.length));
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
