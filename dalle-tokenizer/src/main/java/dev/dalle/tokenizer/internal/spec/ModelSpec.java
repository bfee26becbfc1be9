package dev.dalle.tokenizer.internal.spec;

import java.util.Arrays;
import java.util.OptionalInt;

/** How the symbols of a piece become tokens. */
public sealed interface ModelSpec {
  /** All tokens by id. */
  TokenList tokens();

  /**
   * Merges in order of rank. Arrays are not copied and not to be changed.
   *
   * @param tokens by id
   * @param byteLevel whether pieces are bytes; else they are code points
   * @param left token of each merge
   * @param right token of each merge
   * @param result token of each merge
   * @param unknown token for what the vocabulary lacks
   * @param prefix in front of every symbol of a piece but the first, in the vocabulary; may be empty
   * @param suffix behind the last symbol of a piece, in the vocabulary; may be empty
   * @param fuseUnknown whether unknown symbols that touch become one token
   * @param byteFallback whether a code point that the vocabulary lacks is written in byte tokens {@code <0x00>} to {@code <0xFF>}
   * @param ignoreMerges whether a piece that is a token is taken whole, whatever the merges say
   */
  record Merges(TokenList tokens, boolean byteLevel, int[] left, int[] right, int[] result, OptionalInt unknown, String prefix, String suffix,
      boolean fuseUnknown, boolean byteFallback, boolean ignoreMerges) implements ModelSpec {
    @Override
    public boolean equals(Object other) {
      return other instanceof Merges that && tokens.equals(that.tokens) && byteLevel == that.byteLevel && Arrays.equals(left, that.left)
          && Arrays.equals(right, that.right) && Arrays.equals(result, that.result) && unknown.equals(that.unknown) && prefix.equals(that.prefix)
          && suffix.equals(that.suffix) && fuseUnknown == that.fuseUnknown && byteFallback == that.byteFallback && ignoreMerges == that.ignoreMerges;
    }

    @Override
    public int hashCode() {
      return 31 * Arrays.hashCode(left) + Arrays.hashCode(right);
    }
  }

  /**
   * Byte tokens where the id is the rank: of all neighbours whose bytes together are a token, the lowest becomes one. A piece that is a token is taken whole.
   *
   * @param tokens by id
   */
  record Ranks(TokenList tokens) implements ModelSpec {}
}
