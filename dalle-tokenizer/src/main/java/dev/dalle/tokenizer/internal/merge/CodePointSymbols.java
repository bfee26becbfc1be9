package dev.dalle.tokenizer.internal.merge;

import java.nio.charset.StandardCharsets;

/** The code points of a piece; those that the vocabulary lacks become byte tokens if it has all of them, else the unknown token, or nothing. */
public final class CodePointSymbols implements Symbols {
  /** Where a code point stands in its piece, for the vocabulary's key. */
  public static final int FIRST = 0;
  /** Not at the beginning. */
  public static final int CONTINUING = 1;
  /** At the end; may be added to the above. */
  public static final int LAST = 2;

  /** No token. */
  public static final int NONE = -1;

  private final PairTable ids;
  private final int[] byteIds;
  private final int unknown;
  private final boolean fuseUnknown;

  /**
   * By token.
   *
   * @param ids token of each place and code point, by {@code PairTable.key(place, codePoint)}
   * @param byteIds token of each byte or {@link #NONE}, for code points that have no token; empty if they are not written in bytes
   * @param unknown token for the rest, or {@link #NONE}
   * @param fuseUnknown whether unknown code points that touch become one token
   */
  public CodePointSymbols(PairTable ids, int[] byteIds, int unknown, boolean fuseUnknown) {
    this.ids = ids;
    this.byteIds = byteIds.clone();
    this.unknown = unknown;
    this.fuseUnknown = fuseUnknown;
  }

  @Override
  public int load(char[] text, int from, int to, WordMerger merger) {
    return load(text, from, to, merger, new IntList(0), new IntList(0));
  }

  @Override
  public int load(char[] text, int from, int to, WordMerger merger, IntList starts, IntList ends) {
    int[] out = merger.symbols(3 * (to - from));
    int n = 0;
    int pending = NONE;
    int pendingEnd = NONE;
    for (int i = from; i < to; ) {
      int found = Character.codePointAt(text, i, to);
      int end = i + Character.charCount(found);
      // A surrogate that is not part of a pair.
      int codePoint = Character.getType(found) == Character.SURROGATE ? 0xFFFD : found;
      int place = (i == from ? FIRST : CONTINUING) + (end == to ? LAST : 0);
      long id = ids.get(PairTable.key(place, codePoint));
      if (id != PairTable.ABSENT) {
        if (pending != NONE) {
          n = add(out, n, unknown, pending, pendingEnd, starts, ends);
          pending = NONE;
        }
        n = add(out, n, (int) id, i, end, starts, ends);
      } else if (byteIds.length > 0 && hasBytes(codePoint)) {
        for (byte unit : bytes(codePoint)) {
          n = add(out, n, byteIds[unit & 0xFF], i, end, starts, ends);
        }
      } else if (unknown != NONE) {
        if (pending != NONE && !fuseUnknown) {
          n = add(out, n, unknown, pending, pendingEnd, starts, ends);
          pending = NONE;
        }
        pending = pending == NONE ? i : pending;
        pendingEnd = end;
      }
      i = end;
    }
    return pending == NONE ? n : add(out, n, unknown, pending, pendingEnd, starts, ends);
  }

  private static byte[] bytes(int codePoint) {
    return Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
  }

  private boolean hasBytes(int codePoint) {
    boolean all = true;
    for (byte unit : bytes(codePoint)) {
      all &= byteIds[unit & 0xFF] != NONE;
    }
    return all;
  }

  private static int add(int[] out, int n, int id, int start, int end, IntList starts, IntList ends) {
    out[n] = id;
    starts.add(start);
    ends.add(end);
    return n + 1;
  }
}
