package dev.dalle.tokenizer;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Turns captions into the rows of text ids that the transformer takes; {@link PaddedCaption} states the contract.
 *
 * @param tokenizer   the vocabulary
 * @param maxTextTokens width of a row and number of text states, at least 2; 256 in the paper
 */
public record CaptionEncoder(BpeTokenizer tokenizer, int maxTextTokens) {

  /** Checks the width. */
  public CaptionEncoder {
    Objects.requireNonNull(tokenizer, "tokenizer");
    PaddedCaption.checkMaxTextTokens(maxTextTokens);
  }

  /** Encodes without dropout, as in evaluation and sampling. */
  public PaddedCaption encode(String caption) {
    return PaddedCaption.of(tokenizer.encode(caption), maxTextTokens);
  }

  /** Encodes with dropout, as in training: see {@link BpeTokenizer#encode(String, double, long)}. */
  public PaddedCaption encode(String caption, double dropoutRate, long seed) {
    return PaddedCaption.of(tokenizer.encode(caption, dropoutRate, seed), maxTextTokens);
  }

  /** Encodes several captions without dropout. Row b equals {@code encode(captions.get(b))}. */
  public CaptionBatch encodeBatch(List<String> captions) {
    return CaptionBatch.of(captions.stream().map(this::encode).toList(), maxTextTokens);
  }

  /**
   * Encodes several captions with dropout. Row b equals {@code encode(captions.get(b), dropoutRate, seeds[b])}, so
   * it does not depend on what else is in the batch.
   *
   * @param seeds one seed a caption; give each caption of each epoch another
   * @throws IllegalArgumentException if there are not as many seeds as captions, or the rate is outside 0 to 1
   */
  public CaptionBatch encodeBatch(List<String> captions, double dropoutRate, long[] seeds) {
    if (seeds.length != captions.size()) {
      throw new IllegalArgumentException("seeds: expected one for each of " + captions.size()
          + " captions, got " + seeds.length);
    }
    return CaptionBatch.of(IntStream.range(0, seeds.length)
        .mapToObj(b -> encode(captions.get(b), dropoutRate, seeds[b])).toList(), maxTextTokens);
  }
}
