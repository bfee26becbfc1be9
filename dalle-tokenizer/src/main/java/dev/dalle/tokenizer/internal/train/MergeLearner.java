package dev.dalle.tokenizer.internal.train;

import dev.dalle.tokenizer.internal.merge.IntList;
import dev.dalle.tokenizer.internal.merge.PairTable;
import dev.dalle.tokenizer.internal.spec.VocabularyBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The training loop. All words lie one after another in flat arrays, each as a linked list of tokens, and every pair
 * knows its count and where it stands. A merge visits only those places, and corrects the counts of the pairs it
 * destroys and makes there, so the whole training costs about as much as the number of places ever merged, times a
 * logarithm.
 */
public final class MergeLearner {

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
  private final VocabularyBuilder vocabulary;

  /**
   * Reads the counts.
   *
   * @param vocabulary bytes only; takes the merges
   * @param marksEnd whether the last byte of a piece is a token of its own, 256 more than the byte
   */
  public MergeLearner(PieceCounts counts, VocabularyBuilder vocabulary, boolean marksEnd, int vocabularySize, long minFrequency) {
    this.vocabulary = vocabulary;
    this.vocabularySize = vocabularySize;
    this.minFrequency = minFrequency;
    load(counts, marksEnd);
  }

  /** Learns until the vocabulary is full or no pair is frequent enough. */
  public void learn() {
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
      mergeEverywhere(pair, newId);
      queueFreshPairs();
    }
  }

  private void load(PieceCounts counts, boolean marksEnd) {
    long total = 0;
    for (int piece = 0; piece < counts.size(); piece++) {
      // No pair count can ever exceed this sum, so once it fits in a long no later addition overflows.
      total = PieceCounts.sum(total, PieceCounts.product(counts.count(piece), counts.start(piece + 1) - counts.start(piece)));
    }
    int length = counts.byteCount();
    symbol = new int[length];
    next = new int[length];
    previous = new int[length];
    wordAt = new int[length];
    wordCount = new long[counts.size()];
    for (int piece = 0; piece < counts.size(); piece++) {
      int from = counts.start(piece);
      int last = counts.start(piece + 1) - 1;
      wordCount[piece] = counts.count(piece);
      for (int i = from; i <= last; i++) {
        symbol[i] = counts.byteAt(i) + (marksEnd && i == last ? 256 : 0);
        next[i] = i == last ? NONE : i + 1;
        previous[i] = i == from ? NONE : i - 1;
        wordAt[i] = piece;
      }
      for (int i = from; i < last; i++) {
        appear(i);
      }
    }
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
    long index = pairIndex.get(key);
    if (index != PairTable.ABSENT) {
      return pairs.get((int) index);
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
      if (pair.count >= minFrequency && vocabulary.fits(pair.left, pair.right)) {
        queue.add(new Candidate(pair.count, pair));
      }
    }
    freshPairs.clear();
  }
}
