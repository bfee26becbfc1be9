package dev.dalle.tokenizer.internal.spec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** The bytes of every token, by id. Ids may have gaps. Immutable. */
public final class TokenList {
  // Token id occupies bytes[start[id], start[id + 1]).
  private final byte[] bytes;
  private final int[] start;
  private final boolean[] present;
  private final BitSet literal;

  /** Tokens by id, none of them literal. */
  public TokenList(List<byte[]> tokens) {
    this(tokens, new BitSet());
  }

  /**
   * Tokens by id.
   *
   * @param tokens null where an id has no token
   * @param literal ids of tokens that are written as text where all others are written as bytes: no text leads to them, and another token may have the same bytes
   * @throws IllegalArgumentException if all tokens together have more bytes than an array can hold
   */
  public TokenList(List<byte[]> tokens, BitSet literal) {
    this.literal = (BitSet) literal.clone();
    start = new int[tokens.size() + 1];
    present = new boolean[tokens.size()];
    long total = 0;
    for (int id = 0; id < tokens.size(); id++) {
      byte[] token = tokens.get(id);
      present[id] = token != null;
      total += token == null ? 0 : token.length;
      if (total > Integer.MAX_VALUE - 8) {
        throw new IllegalArgumentException("the tokens have more than " + (Integer.MAX_VALUE - 8) + " bytes together");
      }
      start[id + 1] = (int) total;
    }
    bytes = new byte[(int) total];
    for (int id = 0; id < tokens.size(); id++) {
      if (present[id]) {
        System.arraycopy(tokens.get(id), 0, bytes, start[id], tokens.get(id).length);
      }
    }
  }

  /** One more than the greatest id. */
  public int size() {
    return present.length;
  }

  /** Whether an id from 0 to size - 1 has a token. */
  public boolean has(int id) {
    return present[id];
  }

  /** Whether no text leads to a token. */
  public boolean isLiteral(int id) {
    return literal.get(id);
  }

  /** Number of bytes of a token; 0 where there is none. */
  public int length(int id) {
    return start[id + 1] - start[id];
  }

  /** The bytes of a token. */
  public byte[] bytes(int id) {
    return Arrays.copyOfRange(bytes, start[id], start[id + 1]);
  }

  /** Copies a token to {@code target} and returns the index after it. */
  public int copy(int id, byte[] target, int at) {
    int length = start[id + 1] - start[id];
    // Most tokens are a few bytes: a call to arraycopy takes longer.
    if (length <= 8) {
      for (int i = 0, from = start[id]; i < length; i++) {
        target[at + i] = bytes[from + i];
      }
    } else {
      System.arraycopy(bytes, start[id], target, at, length);
    }
    return at + length;
  }

  /** The token as text, U+FFFD where its bytes are no UTF-8. */
  public String text(int id) {
    return new String(bytes, start[id], length(id), StandardCharsets.UTF_8);
  }

  /** Whether a token has exactly these bytes. */
  public boolean is(int id, byte[] other, int from, int to) {
    return Arrays.equals(bytes, start[id], start[id + 1], other, from, to);
  }

  /** A hash of some bytes, the same for a token of the same bytes. */
  public static int hash(byte[] bytes, int from, int to) {
    int hash = to - from;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + bytes[i];
    }
    hash *= 0x9E3779B1;
    return hash ^ hash >>> 15;
  }

  /** The hash of a token's bytes. */
  public int hash(int id) {
    return hash(bytes, start[id], start[id + 1]);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenList that && Arrays.equals(start, that.start) && Arrays.equals(present, that.present) && Arrays.equals(bytes, that.bytes)
        && literal.equals(that.literal);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(start) + Arrays.hashCode(bytes);
  }
}
