package dev.dalle.tokenizer;

import java.util.Arrays;

/**
 * One caption as the transformer takes it: a row of {@code maxTextTokens} ids, real tokens first, then padding.
 *
 * <p><b>The contract.</b> The text block of the transformer has {@code maxTextTokens} states. State 0 takes the
 * start-of-text vector, which is no token and not in this row, so a caption keeps at most {@code maxTextTokens - 1}
 * tokens. With n = {@code length()}:
 * <ul>
 * <li>{@code ids[i]} is what state i is to predict: a real token for i &lt; n, {@link #PADDING} (unscored) for i &ge;
 *   n. The last element is always padding.
 * <li>The input of state i is the start-of-text vector for i = 0, the embedding of token {@code ids[i - 1]} for 1
 *   &le; i &le; n, and for i &gt; n the padding vector <em>of that position</em>: the embedding has one learned
 *   vector a text position, used only where there is no text. Padding is not masked out in attention.
 * </ul>
 * There is no end-of-text token. Which vector stands at a padded position is the embedding's affair; this record only
 * says where the caption ends.
 *
 * <p>Immutable: arrays are copied in and out. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.2 and figure 10.
 *
 * @param ids  {@code [maxTextTokens]}, tokens of at least 0 for the first {@code length}, then {@link #PADDING}
 * @param length number of real tokens, 0 to {@code maxTextTokens - 1}
 * @param cut  whether the caption had more tokens than fit
 */
public record PaddedCaption(int[] ids, int length, boolean cut) {

  /** Stands where there is no token. No id of any vocabulary, so that a forgotten check cannot go unnoticed. */
  public static final int PADDING = -1;

  /** Checks the contract and copies {@code ids}. */
  public PaddedCaption {
    checkMaxTextTokens(ids.length);
    if (length < 0 || length >= ids.length) {
      throw new IllegalArgumentException("length: expected 0 to " + (ids.length - 1) + " real tokens in a row of "
          + ids.length + ", got " + length);
    }
    ids = ids.clone();
    for (int i = 0; i < ids.length; i++) {
      if (i < length ? ids[i] < 0 : ids[i] != PADDING) {
        throw new IllegalArgumentException("ids[" + i + "]: expected "
            + (i < length ? "a token of at least 0" : "padding (" + PADDING + ")") + " with length "
            + length + ", got " + ids[i]);
      }
    }
  }

  /** Cuts {@code tokens} to {@code maxTextTokens - 1} and fills the row with padding. */
  public static PaddedCaption of(int[] tokens, int maxTextTokens) {
    checkMaxTextTokens(maxTextTokens);
    int length = Math.min(tokens.length, maxTextTokens - 1);
    int[] ids = Arrays.copyOf(tokens, maxTextTokens);
    Arrays.fill(ids, length, maxTextTokens, PADDING);
    return new PaddedCaption(ids, length, tokens.length > length);
  }

  /** A copy of the row. */
  @Override
  public int[] ids() {
    return ids.clone();
  }

  /** A copy of the real tokens, as {@link BpeTokenizer#decode(int[])} takes them. */
  public int[] tokens() {
    return Arrays.copyOf(ids, length);
  }

  /** Width of the row, which is the number of text states. */
  public int maxTextTokens() {
    return ids.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PaddedCaption that && cut == that.cut && Arrays.equals(ids, that.ids);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ids) + Boolean.hashCode(cut);
  }

  @Override
  public String toString() {
    return "PaddedCaption[ids=" + Arrays.toString(ids) + ", length=" + length + ", cut=" + cut + "]";
  }

  static void checkMaxTextTokens(int maxTextTokens) {
    if (maxTextTokens < 2) {
      throw new IllegalArgumentException("maxTextTokens: expected at least 2 (start of text and one token), got "
          + maxTextTokens);
    }
  }
}
