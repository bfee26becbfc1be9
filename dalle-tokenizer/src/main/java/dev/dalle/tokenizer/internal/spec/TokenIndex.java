package dev.dalle.tokenizer.internal.spec;

import java.util.Arrays;

/** From the bytes of a token to its id, literal tokens left out. Immutable. */
public final class TokenIndex {
  /** No token has the bytes. */
  public static final int ABSENT = -1;

  private final TokenList tokens;
  private final int[] slots;

  /**
   * An index of all tokens.
   *
   * @throws IllegalArgumentException if two ids have the same bytes; the message names both
   */
  public TokenIndex(TokenList tokens) {
    this(tokens, false);
  }

  /** An index in which the lowest of several ids of the same bytes counts. */
  public static TokenIndex ofLowest(TokenList tokens) {
    return new TokenIndex(tokens, true);
  }

  private TokenIndex(TokenList tokens, boolean lowest) {
    this.tokens = tokens;
    slots = new int[Integer.highestOneBit(Math.max(8, tokens.size())) << 2];
    Arrays.fill(slots, ABSENT);
    for (int id = 0; id < tokens.size(); id++) {
      if (tokens.has(id) && !tokens.isLiteral(id)) {
        byte[] bytes = tokens.bytes(id);
        int slot = slot(bytes, 0, bytes.length);
        if (slots[slot] == ABSENT) {
          slots[slot] = id;
        } else if (!lowest) {
          throw new IllegalArgumentException("tokens " + slots[slot] + " and " + id + " are the same");
        }
      }
    }
  }

  /** The id of {@code bytes[from, to)}, or {@link #ABSENT}. */
  public int get(byte[] bytes, int from, int to) {
    return slots[slot(bytes, from, to)];
  }

  private int slot(byte[] bytes, int from, int to) {
    int slot = TokenList.hash(bytes, from, to) & slots.length - 1;
    while (slots[slot] != ABSENT && !tokens.is(slots[slot], bytes, from, to)) {
      slot = slot + 1 & slots.length - 1;
    }
    return slot;
  }
}
