package dev.dalle.tokenizer.internal.pipeline;

import dev.dalle.tokenizer.AddedToken;
import dev.dalle.tokenizer.internal.merge.IntList;
import dev.dalle.tokenizer.internal.merge.MergeModel;
import dev.dalle.tokenizer.internal.merge.SplitMix64;
import dev.dalle.tokenizer.internal.merge.WordMerger;
import dev.dalle.tokenizer.internal.spec.NormalizerSpec;
import dev.dalle.tokenizer.internal.spec.SplitSpec;
import dev.dalle.tokenizer.internal.spec.TokenizerSpec;
import dev.dalle.tokenizer.internal.split.Splitter;
import dev.dalle.tokenizer.internal.text.Normalizer;
import dev.dalle.tokenizer.internal.text.RewrittenText;
import java.util.List;

/**
 * From text to tokens: added tokens are found, the text between them is normalized, cut into pieces and merged. Immutable, for any number of threads; working
 * memory is lent, so that a call leaves nothing behind but its result.
 */
public final class Pipeline {
  /** Working memory of one call. */
  private static final class Work {
    private final WordMerger merger;
    private final IntList ids = new IntList(256);
    private char[] chars = new char[256];

    Work(WordMerger merger) {
      this.merger = merger;
    }

    char[] chars(String text) {
      if (chars.length < text.length()) {
        chars = new char[Math.max(text.length(), chars.length + (chars.length >> 1))];
      }
      text.getChars(0, text.length(), chars, 0);
      return chars;
    }

    boolean isLarge() {
      return merger.isLarge() || chars.length > 1 << 20 || ids.capacity() > 1 << 20;
    }
  }

  private final AddedTokenFinder rawTokens;
  private final AddedTokenFinder normalizedTokens;
  private final Normalizer normalizer;
  private final Normalizer firstPreparation;
  private final Normalizer laterPreparation;
  private final Splitter splitter;
  private final MergeModel model;
  private final Lender<Work> works;

  /**
   * Makes what a description says.
   *
   * @throws IllegalArgumentException if something in it is not supported or does not fit; the message names it
   */
  public Pipeline(TokenizerSpec spec) {
    rawTokens = new AddedTokenFinder(spec.added().stream().filter(token -> !token.normalized()).toList());
    normalizer = Parts.normalizer(spec.normalizers());
    // Normalized tokens are looked for as the normalizer leaves them.
    normalizedTokens = new AddedTokenFinder(spec.added().stream().filter(AddedToken::normalized)
        .map(token -> new AddedToken(normalizer.apply(token.content()), token.id(), token.special(), token.singleWord(),
            token.stripLeft(), token.stripRight(), true)).toList());
    firstPreparation = Parts.normalizer(spec.preparations());
    laterPreparation = Parts.laterNormalizer(spec.preparations());
    splitter = Parts.splitter(spec.splits());
    model = Parts.model(spec.model());
    works = new Lender<>(() -> new Work(model.newMerger()));
  }

  /** Takes the pieces of a text. */
  @FunctionalInterface
  public interface Pieces {
    /** One piece: {@code text[from, to)}, to be read at once. */
    void piece(char[] text, int from, int to);
  }

  /** Cuts texts as a tokenizer with the same rules does, for training. */
  public static final class Cutter {
    private final Normalizer normalizer;
    private final Splitter splitter;

    /**
     * With these rules.
     *
     * @throws IllegalArgumentException if one of them cannot be carried out
     */
    public Cutter(List<NormalizerSpec> normalizers, List<SplitSpec> splits) {
      normalizer = Parts.normalizer(normalizers);
      splitter = Parts.splitter(splits);
    }

    /** Gives the pieces in order. */
    public void cut(String text, Pieces sink) {
      char[] chars = normalizer.apply(text).toCharArray();
      Splitter.Cursor cursor = splitter.cursor(chars, 0, chars.length);
      while (cursor.next()) {
        sink.piece(chars, cursor.start(), cursor.end());
      }
    }
  }

  /** Takes one piece of text at a time. */
  @FunctionalInterface
  private interface PieceSink {
    void piece(char[] text, int from, int to, Work work);
  }

  /** The tokens of a text. */
  public int[] encode(String text) {
    return encode(text, (chars, from, to, work) -> model.append(chars, from, to, work.merger, work.ids));
  }

  /**
   * The tokens of a text with dropout.
   *
   * @param rate from 0 to 1
   */
  public int[] encode(String text, double rate, long seed) {
    SplitMix64 random = new SplitMix64(seed);
    long threshold = (long) (rate * 0x1p53);
    return encode(text, (chars, from, to, work) -> model.append(chars, from, to, work.merger, work.ids, random, threshold));
  }

  private int[] encode(String text, PieceSink sink) {
    Work work = works.borrow();
    work.ids.clear();
    int done = 0;
    for (AddedTokenFinder.Found found : rawTokens.find(text)) {
      section(text.substring(done, found.start()), done == 0, work, sink);
      work.ids.add(found.token().id());
      done = found.end();
    }
    section(done == 0 ? text : text.substring(done), done == 0, work, sink);
    int[] ids = work.ids.toArray();
    giveBack(work);
    return ids;
  }

  /** Text between raw added tokens. */
  private void section(String text, boolean first, Work work, PieceSink sink) {
    String normalized = normalizer.apply(text);
    int done = 0;
    for (AddedTokenFinder.Found found : normalizedTokens.find(normalized)) {
      pieces(normalized.substring(done, found.start()), first && done == 0, work, sink);
      work.ids.add(found.token().id());
      done = found.end();
    }
    pieces(done == 0 ? normalized : normalized.substring(done), first && done == 0, work, sink);
  }

  /** Text between all added tokens. */
  private void pieces(String text, boolean first, Work work, PieceSink sink) {
    if (text.isEmpty()) {
      return;
    }
    String prepared = (first ? firstPreparation : laterPreparation).apply(text);
    char[] chars = work.chars(prepared);
    Splitter.Cursor cursor = splitter.cursor(chars, 0, prepared.length());
    while (cursor.next()) {
      sink.piece(chars, cursor.start(), cursor.end(), work);
    }
  }

  /**
   * Tokens with the chars that they cover.
   *
   * @param ids tokens
   * @param starts first char of each in the text given
   * @param ends index after the last
   */
  public record Located(int[] ids, int[] starts, int[] ends) {}

  /** The tokens of a text and the range of its chars that each of them covers. */
  public Located locate(String text) {
    Work work = works.borrow();
    IntList ids = new IntList(64);
    IntList starts = new IntList(64);
    IntList ends = new IntList(64);
    int done = 0;
    for (AddedTokenFinder.Found found : rawTokens.find(text)) {
      locateSection(text.substring(done, found.start()), done, work, ids, starts, ends);
      ids.add(found.token().id());
      starts.add(found.start());
      ends.add(found.end());
      done = found.end();
    }
    locateSection(text.substring(done), done, work, ids, starts, ends);
    giveBack(work);
    return new Located(ids.toArray(), starts.toArray(), ends.toArray());
  }

  private void locateSection(String text, int base, Work work, IntList ids, IntList starts, IntList ends) {
    RewrittenText source = RewrittenText.original(text);
    RewrittenText normalized = source.next();
    normalizer.apply(text, normalized);
    String now = normalized.text();
    int done = 0;
    for (AddedTokenFinder.Found found : normalizedTokens.find(now)) {
      locatePieces(normalized, done, found.start(), base, work, ids, starts, ends);
      ids.add(found.token().id());
      starts.add(base + normalized.start(found.start()));
      ends.add(base + normalized.end(found.end() - 1));
      done = found.end();
    }
    locatePieces(normalized, done, now.length(), base, work, ids, starts, ends);
  }

  private void locatePieces(RewrittenText normalized, int from, int to, int base, Work work, IntList ids, IntList starts, IntList ends) {
    if (from == to) {
      return;
    }
    RewrittenText prepared = normalized.part(from, to);
    RewrittenText text = prepared.next();
    (base == 0 && from == 0 ? firstPreparation : laterPreparation).apply(prepared.text(), text);
    char[] chars = work.chars(text.text());
    Splitter.Cursor cursor = splitter.cursor(chars, 0, text.text().length());
    IntList begins = new IntList(64);
    IntList stops = new IntList(64);
    while (cursor.next()) {
      model.append(chars, cursor.start(), cursor.end(), work.merger, ids, begins, stops);
    }
    for (int i = 0; i < begins.size(); i++) {
      starts.add(base + text.start(begins.get(i)));
      ends.add(base + text.end(stops.get(i) - 1));
    }
  }

  private void giveBack(Work work) {
    // What one huge text needed is not kept for the small ones.
    if (!work.isLarge()) {
      works.giveBack(work);
    }
  }
}
