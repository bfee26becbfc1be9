package dev.dalle.tokenizer.internal.merge;

/**
 * Remembers the tokens of short pieces. Each piece has one slot, decided by its hash, and a new one simply replaces the one that was there: memory is bounded
 * (a few megabytes when full), nothing is locked, and a lost race costs one more encoding of the same piece, never a wrong result, because an entry never
 * changes after it was made. Any number of threads.
 */
public final class PieceCache {
  /** Longer pieces are rare, and encoded each time. */
  public static final int MAX_LENGTH = 32;
  /** A power of two. */
  public static final int SLOTS = 1 << 15;

  private record Entry(int hash, char[] piece, int[] ids) {
    boolean is(int otherHash, char[] text, int from, int to) {
      if (hash != otherHash || piece.length != to - from) {
        return false;
      }
      for (int i = 0; i < piece.length; i++) {
        if (piece[i] != text[from + i]) {
          return false;
        }
      }
      return true;
    }
  }

  // Read and written without order on purpose: the fields of an entry are final, so whoever sees an entry sees all of it.
  private final Entry[] entries = new Entry[SLOTS];

  /** What {@link #get} and {@link #put} want to know of a piece. */
  public static int hash(char[] text, int from, int to) {
    int hash = to - from;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    hash *= 0x9E3779B1;
    return hash ^ hash >>> 15;
  }

  /** The tokens of {@code text[from, to)}, not to be changed; null if they are not known. */
  public int[] get(int hash, char[] text, int from, int to) {
    Entry entry = entries[hash & SLOTS - 1];
    return entry != null && entry.is(hash, text, from, to) ? entry.ids : null;
  }

  /** Remembers the tokens of a piece; the array is kept. */
  public void put(int hash, char[] text, int from, int to, int[] ids) {
    char[] piece = new char[to - from];
    System.arraycopy(text, from, piece, 0, piece.length);
    entries[hash & SLOTS - 1] = new Entry(hash, piece, ids);
  }
}
