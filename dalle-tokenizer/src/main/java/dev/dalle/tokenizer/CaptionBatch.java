package dev.dalle.tokenizer;

import java.util.Arrays;
import java.util.List;

/**
 * Several captions of one width, flat and row-major as a tensor wants them. Each row keeps the contract of
 * {@link PaddedCaption}. Immutable: arrays are copied in and out.
 *
 * @param ids       {@code [B, maxTextTokens]} row-major
 * @param lengths     {@code [B]}, the number of real tokens of each row
 * @param maxTextTokens width of a row, at least 2
 */
public record CaptionBatch(int[] ids, int[] lengths, int maxTextTokens) {

  /** Checks every row against the contract and copies the arrays. */
  public CaptionBatch {
    PaddedCaption.checkMaxTextTokens(maxTextTokens);
    if (ids.length != (long) lengths.length * maxTextTokens) {
      throw new IllegalArgumentException("ids: expected [" + lengths.length + ", " + maxTextTokens
          + "] like lengths and maxTextTokens, got " + ids.length + " elements");
    }
    ids = ids.clone();
    lengths = lengths.clone();
    for (int b = 0; b < lengths.length; b++) {
      try {
        row(ids, lengths, maxTextTokens, b);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("row " + b + ": " + e.getMessage(), e);
      }
    }
  }

  /**
   * Stacks captions, in order.
   *
   * @throws IllegalArgumentException if a caption has another width than {@code maxTextTokens}
   */
  public static CaptionBatch of(List<PaddedCaption> captions, int maxTextTokens) {
    PaddedCaption.checkMaxTextTokens(maxTextTokens);
    int[] ids = new int[Math.multiplyExact(captions.size(), maxTextTokens)];
    int[] lengths = new int[captions.size()];
    for (int b = 0; b < lengths.length; b++) {
      PaddedCaption caption = captions.get(b);
      if (caption.maxTextTokens() != maxTextTokens) {
        throw new IllegalArgumentException("captions[" + b + "]: expected " + maxTextTokens
            + " ids, got " + caption.maxTextTokens());
      }
      System.arraycopy(caption.ids(), 0, ids, b * maxTextTokens, maxTextTokens);
      lengths[b] = caption.length();
    }
    return new CaptionBatch(ids, lengths, maxTextTokens);
  }

  /** Number of captions, B. */
  public int batchSize() {
    return lengths.length;
  }

  /** Number of real tokens in all rows: the divisor of the text loss. */
  public long tokenCount() {
    return Arrays.stream(lengths).asLongStream().sum();
  }

  /** A copy of all rows. */
  @Override
  public int[] ids() {
    return ids.clone();
  }

  /** A copy of the lengths. */
  @Override
  public int[] lengths() {
    return lengths.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CaptionBatch that && maxTextTokens == that.maxTextTokens
        && Arrays.equals(ids, that.ids);
  }

  @Override
  public int hashCode() {
    return 31 * maxTextTokens + Arrays.hashCode(ids);
  }

  @Override
  public String toString() {
    return "CaptionBatch[" + lengths.length + ", " + maxTextTokens + "], lengths " + Arrays.toString(lengths);
  }

  private static PaddedCaption row(int[] ids, int[] lengths, int maxTextTokens, int b) {
    return new PaddedCaption(Arrays.copyOfRange(ids, b * maxTextTokens, (b + 1) * maxTextTokens), lengths[b],
        false);
  }
}
