package dev.dalle.tokenizer;

import java.util.Arrays;

/**
 * Tokens and where they stand in the text they came from.
 *
 * <p>Token i covers the chars {@code starts[i]} to {@code ends[i] - 1}. Several tokens that share one code point, each with some of its bytes, all cover the
 * whole of it. A token for something that was not in the text covers nothing.
 *
 * @param ids {@code [n]} tokens
 * @param starts {@code [n]} indices of chars
 * @param ends {@code [n]} indices of chars
 */
public record Encoding(int[] ids, int[] starts, int[] ends) {
  /** Checks and copies. */
  public Encoding {
    if (starts.length != ids.length || ends.length != ids.length) {
      throw new IllegalArgumentException("starts and ends: expected " + ids.length + " like ids, got " + starts.length + " and " + ends.length);
    }
    ids = ids.clone();
    starts = starts.clone();
    ends = ends.clone();
  }

  @Override
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public int[] starts() {
    return starts.clone();
  }

  @Override
  public int[] ends() {
    return ends.clone();
  }

  /** Number of tokens. */
  public int length() {
    return ids.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Encoding that && Arrays.equals(ids, that.ids) && Arrays.equals(starts, that.starts) && Arrays.equals(ends, that.ends);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ids) + Arrays.hashCode(starts);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("Encoding[");
    for (int i = 0; i < ids.length; i++) {
      text.append(i == 0 ? "" : ", ").append(ids[i]).append(" at ").append(starts[i]).append('-').append(ends[i]);
    }
    return text.append(']').toString();
  }
}
