package dev.dalle.tokenizer;

import java.util.HashMap;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/** How often each word of two or more letters occurs; shorter ones have nothing to merge. One thread at a time. */
final class WordCounts {

    private static final class Count {
        long value;
    }

    private final Map<String, Count> counts = new HashMap<>();

    void add(String caption) {
        add(caption, 1);
    }

    void add(String caption, long occurrences) {
        PaperSplit.split(PaperSplit.normalize(caption), new PaperSplit.PieceSink() {
            @Override
            public void word(String text, int from, int to) {
                if (to - from > 1) {
                    addWord(text.substring(from, to), occurrences);
                }
            }

            @Override
            public void codePoint(int codePoint) {
                // Never merges with anything.
            }
        });
    }

    void addAll(WordCounts more) {
        more.forEach(this::addWord);
    }

    int size() {
        return counts.size();
    }

    void forEach(ObjLongConsumer<String> action) {
        counts.forEach((word, count) -> action.accept(word, count.value));
    }

    private void addWord(String word, long occurrences) {
        Count count = counts.computeIfAbsent(word, w -> new Count());
        count.value = sum(count.value, occurrences);
    }

    static long sum(long a, long b) {
        if (a > Long.MAX_VALUE - b) {
            throw tooMany();
        }
        return a + b;
    }

    static long product(long count, int letters) {
        if (count > Long.MAX_VALUE / letters) {
            throw tooMany();
        }
        return count * letters;
    }

    private static IllegalArgumentException tooMany() {
        return new IllegalArgumentException("captions: their words have more than 2^63 - 1 letters together; divide "
                + "all counts by a common factor");
    }
}
