package dev.dalle.tokenizer.internal.merge;

import dev.dalle.tokenizer.internal.spec.TokenIndex;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Turns pieces into tokens. Immutable but for a bounded memory of pieces, for any number of threads. */
public final class MergeModel {
  private final Symbols symbols;
  private final PairTable pairs;
  private final Optional<TokenIndex> wholePieces;
  private final PieceCache cache = new PieceCache();

  /**
   * A model.
   *
   * @param pairs rank << 32 | new id of each pair that has a merge; not written any more
   * @param wholePieces tokens that a piece may be as it is, before any merge
   */
  public MergeModel(Symbols symbols, PairTable pairs, Optional<TokenIndex> wholePieces) {
    this.symbols = symbols;
    this.pairs = pairs;
    this.wholePieces = wholePieces;
  }

  /** Working memory for one thread. */
  public WordMerger newMerger() {
    return new WordMerger(pairs);
  }

  /** Appends the tokens of {@code text[from, to)}. */
  public void append(char[] text, int from, int to, WordMerger merger, IntList out) {
    if (to - from > PieceCache.MAX_LENGTH) {
      compute(text, from, to, merger, out);
      return;
    }
    int hash = PieceCache.hash(text, from, to);
    int[] known = cache.get(hash, text, from, to);
    if (known != null) {
      out.addAll(known);
      return;
    }
    int start = out.size();
    compute(text, from, to, merger, out);
    cache.put(hash, text, from, to, out.toArray(start));
  }

  private void compute(char[] text, int from, int to, WordMerger merger, IntList out) {
    int whole = whole(text, from, to);
    if (whole != TokenIndex.ABSENT) {
      out.add(whole);
      return;
    }
    merger.merge(symbols.load(text, from, to, merger));
    appendTokens(merger, out);
  }

  /** As above with dropout: see {@link WordMerger#merge(int, SplitMix64, long)}. A piece that may be a token as it is gets no such privilege then. */
  public void append(char[] text, int from, int to, WordMerger merger, IntList out, SplitMix64 random, long threshold) {
    merger.merge(symbols.load(text, from, to, merger), random, threshold);
    appendTokens(merger, out);
  }

  /** As the first, and appends for each token the range of chars of {@code text} that it covers. */
  public void append(char[] text, int from, int to, WordMerger merger, IntList out, IntList starts, IntList ends) {
    int whole = whole(text, from, to);
    if (whole != TokenIndex.ABSENT) {
      out.add(whole);
      starts.add(from);
      ends.add(to);
      return;
    }
    IntList symbolStarts = new IntList(3 * (to - from));
    IntList symbolEnds = new IntList(3 * (to - from));
    int count = symbols.load(text, from, to, merger, symbolStarts, symbolEnds);
    merger.merge(count);
    for (int i = 0; i < merger.count(); i++) {
      int last = (i + 1 < merger.count() ? merger.begin(i + 1) : count) - 1;
      out.add(merger.token(i));
      starts.add(symbolStarts.get(merger.begin(i)));
      ends.add(symbolEnds.get(last));
    }
  }

  private static void appendTokens(WordMerger merger, IntList out) {
    for (int i = 0; i < merger.count(); i++) {
      out.add(merger.token(i));
    }
  }

  private int whole(char[] text, int from, int to) {
    if (wholePieces.isEmpty()) {
      return TokenIndex.ABSENT;
    }
    var bytes = StandardCharsets.UTF_8.encode(CharBuffer.wrap(text, from, to - from));
    return wholePieces.get().get(bytes.array(), bytes.arrayOffset(), bytes.limit());
  }
}
