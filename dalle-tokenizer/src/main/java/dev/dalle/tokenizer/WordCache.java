package dev.dalle.tokenizer;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers the tokens of short words. Each word has one slot, decided by its hash, and a new word simply replaces the
 * one that was there: memory is bounded (a few megabytes when full), nothing is locked, and a lost race costs one more
 * encoding of the same word, never a wrong result. Any number of threads.
 */
final class WordCache {

    /** Longer words are rare, and encoded each time. */
    static final int MAX_WORD_LENGTH = 32;
    static final int SLOTS = 1 << 14;

    private record Entry(String word, int[] ids) {
    }

    private final AtomicReferenceArray<Entry> entries = new AtomicReferenceArray<>(SLOTS);

    static int slot(String text, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return (hash ^ hash >>> 15) & SLOTS - 1;
    }

    /** Appends the tokens of {@code text[from, to)} to {@code out} if they are known. */
    boolean appendTo(IntList out, int slot, String text, int from, int to) {
        Entry entry = entries.getAcquire(slot);
        if (entry == null || entry.word.length() != to - from
                || !text.regionMatches(from, entry.word, 0, to - from)) {
            return false;
        }
        out.addAll(entry.ids);
        return true;
    }

    void put(int slot, String word, int[] ids) {
        entries.setRelease(slot, new Entry(word, ids));
    }
}
