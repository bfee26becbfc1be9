package dev.dalle.tokenizer;

import dev.dalle.tokenizer.internal.pipeline.Pipeline;
import dev.dalle.tokenizer.internal.spec.VocabularyBuilder;
import dev.dalle.tokenizer.internal.split.PaperSplitter;
import dev.dalle.tokenizer.internal.train.MergeLearner;
import dev.dalle.tokenizer.internal.train.PieceCounts;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Learns a byte-pair vocabulary from captions: merges the most frequent pair of adjacent tokens inside words, again and
 * again, until the vocabulary is full or no pair is frequent enough.
 *
 * <p>A pair is counted at every position of every word where it stands, overlapping ones included ({@code aaa} holds
 * {@code a a} twice). <b>Of pairs with equal counts the one with the smaller left id is merged, and of those the one
 * with the smaller right id.</b> Counts have 64 bits. So the result depends only on how often each word occurs: not on
 * the order of the captions, nor on the number of threads that deliver them.
 *
 * <p>The captions are reduced to their distinct words, each with a count; then pairs are counted once, and each merge
 * updates the counts only where it happens. Memory grows with the letters of the distinct words, not with the captions.
 *
 * <p>Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2; Sennrich et al. 2016, arXiv 1508.07909, for the
 * algorithm.
 *
 * @param rule how captions are cut
 * @param vocabularySize tokens wanted, special ones included, from the bytes only (256, or 512 where the rule marks the end of a piece, and the special ones)
 *     to {@link BpeTokenizer#MAX_SIZE}. The trained tokenizer has fewer if the captions do not hold enough frequent pairs; its {@code size()} tells
 * @param minFrequency smallest count at which a pair is still merged, at least 1
 * @param specialTokens get the ids after the last merge's, and are found in texts that are encoded; in captions to train on they are text like any other
 */
public record BpeTrainer(SplitRule rule, int vocabularySize, long minFrequency, List<String> specialTokens) {
  /** Checks all values. */
  public BpeTrainer {
    Objects.requireNonNull(rule, "rule");
    specialTokens = List.copyOf(specialTokens);
    int least = BpeTokenizer.BYTE_TOKENS * (rule.suffix().isEmpty() ? 1 : 2) + specialTokens.size();
    if (vocabularySize < least || vocabularySize > BpeTokenizer.MAX_SIZE) {
      throw new IllegalArgumentException("vocabularySize: expected " + least + " (one token a byte) to " + BpeTokenizer.MAX_SIZE + ", got "
          + vocabularySize);
    }
    if (minFrequency < 1) {
      throw new IllegalArgumentException("minFrequency: expected at least 1, got " + minFrequency);
    }
    if (specialTokens.stream().anyMatch(String::isEmpty) || specialTokens.stream().distinct().count() < specialTokens.size()) {
      throw new IllegalArgumentException("specialTokens: expected different texts that are not empty, got " + specialTokens);
    }
  }

  /** Trains with DALL-E's split rule and no special tokens. */
  public BpeTrainer(int vocabularySize, long minFrequency) {
    this(SplitRule.paper(), vocabularySize, minFrequency, List.of());
  }

  /** Trains on captions read one after another. */
  public BpeTokenizer train(Iterable<String> captions) {
    return train(StreamSupport.stream(captions.spliterator(), false));
  }

  /** Trains on a stream of captions, which is consumed but not closed. The words of a parallel stream are counted in parallel. */
  public BpeTokenizer train(Stream<String> captions) {
    Counter counter = captions.collect(() -> new Counter(rule), (counts, caption) -> counts.add(caption, 1), (a, b) -> a.counts.addAll(b.counts));
    return train(counter.counts);
  }

  /**
   * Trains on captions that were counted before.
   *
   * @param captionCounts each caption with the number of its occurrences, at least 1
   * @throws IllegalArgumentException if a count is below 1
   */
  public BpeTokenizer train(Map<String, Long> captionCounts) {
    Counter counter = new Counter(rule);
    captionCounts.forEach((caption, count) -> {
      if (count < 1) {
        throw new IllegalArgumentException("captionCounts: expected counts of at least 1, got " + count + " for \"" + caption + "\"");
      }
      counter.add(caption, count);
    });
    return train(counter.counts);
  }

  private BpeTokenizer train(PieceCounts counts) {
    VocabularyBuilder vocabulary = BpeTokenizer.builder(rule);
    new MergeLearner(counts, vocabulary, !rule.suffix().isEmpty(), vocabularySize - specialTokens.size(), minFrequency).learn();
    return BpeTokenizer.of(rule, vocabulary, specialTokens);
  }

  /** Cuts captions as the tokenizer will, and counts the pieces. One thread at a time. */
  private static final class Counter {
    private final boolean lettersOnly;
    private final Pipeline.Cutter cutter;
    private final PieceCounts counts = new PieceCounts();

    Counter(SplitRule rule) {
      lettersOnly = rule.isPaper();
      cutter = new Pipeline.Cutter(rule.normalizers(), rule.splits());
    }

    void add(String caption, long occurrences) {
      cutter.cut(caption, (text, from, to) -> {
        if (!lettersOnly || PaperSplitter.isLetter(text[from])) {
          byte[] bytes = new String(text, from, to - from).getBytes(StandardCharsets.UTF_8);
          counts.add(bytes, 0, bytes.length, occurrences);
        }
      });
    }
  }
}
