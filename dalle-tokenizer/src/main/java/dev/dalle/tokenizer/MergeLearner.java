package dev.dalle.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The training loop. All words lie one after another in flat arrays, each as a linked list of tokens, and every pair
 * knows its count and where it stands. A merge visits only those places, and corrects the counts of the pairs it
 * destroys and makes there, so the whole training costs about as much as the number of places ever merged, times a
 * logarithm.
 */
final class MergeLearner {

    private static final int NONE = -1;

    /** A pair of tokens, with its count over all words and the positions where it stands or once stood. */
    private static final class Pair {
        final int left;
        final int right;
        long count;
        IntList positions = new IntList(4);

        Pair(int left, int right) {
            this.left = left;
            this.right = right;
        }
    }

    /** A pair with the count it had when it was queued. The first is the one to merge: see the tie rule of the trainer. */
    private record Candidate(long count, Pair pair) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int byCount = Long.compare(other.count, count);
            return byCount != 0 ? byCount : Long.compare(PairTable.key(pair.left, pair.right),
                    PairTable.key(other.pair.left, other.pair.right));
        }
    }

    private final int vocabularySize;
    private final long minFrequency;

    // By position of each token's first letter; see load.
    private int[] symbol;
    private int[] next;
    private int[] previous;
    private int[] wordAt;
    private long[] wordCount;

    private final PairTable pairIndex = new PairTable(1024);
    private final List<Pair> pairs = new ArrayList<>();
    private final List<Pair> freshPairs = new ArrayList<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>();
    // Length of each token in letters, by id.
    private final IntList tokenLength = new IntList(1024);

    MergeLearner(WordCounts counts, int vocabularySize, long minFrequency) {
        this.vocabularySize = vocabularySize;
        this.minFrequency = minFrequency;
        for (int id = 0; id < BpeTokenizer.BYTE_TOKENS; id++) {
            tokenLength.add(1);
        }
        load(counts);
    }

    void learn(Vocabulary.Builder vocabulary) {
        queueFreshPairs();
        while (vocabulary.size() < vocabularySize && !queue.isEmpty()) {
            Candidate best = queue.poll();
            Pair pair = best.pair;
            if (best.count != pair.count) {
                // A count only falls once its pair is queued, so this one was at most ahead of its place: put it back.
                if (pair.count >= minFrequency) {
                    queue.add(new Candidate(pair.count, pair));
                }
                continue;
            }
            int newId = vocabulary.size();
            vocabulary.add(pair.left, pair.right);
            tokenLength.add(tokenLength.get(pair.left) + tokenLength.get(pair.right));
            mergeEverywhere(pair, newId);
            queueFreshPairs();
        }
    }

    private void load(WordCounts counts) {
        long[] totals = new long[2];
        counts.forEach((word, count) -> {
            totals[0] += word.length();
            // No pair count can ever exceed this sum, so once it fits in a long no later addition overflows.
            totals[1] = WordCounts.sum(totals[1], WordCounts.product(count, word.length()));
        });
        if (totals[0] > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("captions: the distinct words have " + totals[0]
                    + " letters together, and at most " + (Integer.MAX_VALUE - 8) + " fit; train on fewer captions");
        }
        int letters = (int) totals[0];
        symbol = new int[letters];
        next = new int[letters];
        previous = new int[letters];
        wordAt = new int[letters];
        wordCount = new long[counts.size()];
        int[] cursor = new int[2];
        counts.forEach((word, count) -> {
            int from = cursor[0];
            int index = cursor[1]++;
            wordCount[index] = count;
            int last = word.length() - 1;
            for (int i = 0; i <= last; i++) {
                symbol[from + i] = word.charAt(i);
                next[from + i] = i == last ? NONE : from + i + 1;
                previous[from + i] = i == 0 ? NONE : from + i - 1;
                wordAt[from + i] = index;
            }
            for (int i = 0; i < last; i++) {
                appear(from + i);
            }
            cursor[0] = from + word.length();
        });
    }

    private void mergeEverywhere(Pair pair, int newId) {
        IntList positions = pair.positions;
        // Left to right within a word matters where a pair overlaps itself, as in aaa. The list is in that order: a pair
        // first stands somewhere when the later of its tokens is made, in one run over ascending positions, and it
        // comes up nowhere else afterwards.
        for (int i = 0; i < positions.size(); i++) {
            int position = positions.get(i);
            assert i == 0 || positions.get(i - 1) < position : "positions are not ascending";
            if (symbol[position] == pair.left && next[position] != NONE
                    && symbol[next[position]] == pair.right) {
                merge(position, newId);
            }
        }
        assert pair.count == 0 : "a place of the pair was lost";
        // Once gone from a place a pair never comes back to it, because tokens only grow.
        pair.positions = new IntList(0);
    }

    private void merge(int position, int newId) {
        int right = next[position];
        int before = previous[position];
        int after = next[right];
        if (before != NONE) {
            disappear(before);
        }
        disappear(position);
        if (after != NONE) {
            disappear(right);
        }
        symbol[position] = newId;
        symbol[right] = NONE;
        next[position] = after;
        if (after != NONE) {
            previous[after] = position;
            appear(position);
        }
        if (before != NONE) {
            appear(before);
        }
    }

    private void disappear(int position) {
        pairAt(position).count -= wordCount[wordAt[position]];
    }

    private void appear(int position) {
        Pair pair = pairAt(position);
        pair.count += wordCount[wordAt[position]];
        pair.positions.add(position);
    }

    private Pair pairAt(int position) {
        int left = symbol[position];
        int right = symbol[next[position]];
        long key = PairTable.key(left, right);
        int index = pairIndex.get(key);
        if (index != PairTable.ABSENT) {
            return pairs.get(index);
        }
        Pair pair = new Pair(left, right);
        pairIndex.put(key, pairs.size());
        pairs.add(pair);
        freshPairs.add(pair);
        return pair;
    }

    /** Queues the pairs that came up since the last merge. Every pair of a new token is among them, and no other grew. */
    private void queueFreshPairs() {
        for (Pair pair : freshPairs) {
            if (pair.count >= minFrequency
                    && tokenLength.get(pair.left) + tokenLength.get(pair.right) <= BpeTokenizer.MAX_TOKEN_BYTES) {
                queue.add(new Candidate(pair.count, pair));
            }
        }
        freshPairs.clear();
    }
}
