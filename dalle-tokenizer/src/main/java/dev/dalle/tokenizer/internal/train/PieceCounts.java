package dev.dalle.tokenizer.internal.train;

import dev.dalle.tokenizer.internal.spec.TokenList;
import java.util.Arrays;

/**
 * How often each piece of two or more bytes occurs; shorter ones have nothing to merge. A hash table over one array that holds the bytes of all pieces: about
 * 20 bytes a distinct piece on top of its own. One thread at a time.
 */
public final class PieceCounts {
  private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  // Piece i is bytes[start[i], start[i + 1]) and occurs count[i] times.
  private byte[] bytes = new byte[1 << 12];
  private int[] start = new int[1 << 8];
  private long[] count = new long[1 << 8];
  private int size;
  // Number of the piece + 1, or 0.
  private int[] slots = new int[1 << 9];

  /** Number of distinct pieces. */
  public int size() {
    return size;
  }

  /** Number of bytes of all distinct pieces. */
  public int byteCount() {
    return start[size];
  }

  /** The byte at an index of all pieces, one after another. */
  public int byteAt(int index) {
    return bytes[index] & 0xFF;
  }

  /** Index of the first byte of piece i. */
  public int start(int i) {
    return start[i];
  }

  /** Occurrences of piece i. */
  public long count(int i) {
    return count[i];
  }

  /**
   * Counts a piece.
   *
   * @throws IllegalArgumentException if the distinct pieces are too large for this machine's arrays, or a count exceeds 2^63 - 1
   */
  public void add(byte[] source, int from, int to, long occurrences) {
    if (to - from < 2) {
      return;
    }
    int slot = TokenList.hash(source, from, to) & slots.length - 1;
    while (slots[slot] != 0) {
      int piece = slots[slot] - 1;
      if (Arrays.equals(bytes, start[piece], start[piece + 1], source, from, to)) {
        count[piece] = sum(count[piece], occurrences);
        return;
      }
      slot = slot + 1 & slots.length - 1;
    }
    slots[slot] = size + 1;
    append(source, from, to, occurrences);
    if (2 * size > slots.length) {
      grow();
    }
  }

  /** Adds all counts of another. */
  public void addAll(PieceCounts more) {
    for (int i = 0; i < more.size; i++) {
      add(more.bytes, more.start[i], more.start[i + 1], more.count[i]);
    }
  }

  private void append(byte[] source, int from, int to, long occurrences) {
    int begin = start[size];
    int length = to - from;
    if (begin > MAX_BYTES - length) {
      throw new IllegalArgumentException("captions: the distinct words have more than " + MAX_BYTES + " bytes together; train on fewer captions");
    }
    if (bytes.length < begin + length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(MAX_BYTES, Math.max(begin + (long) length, bytes.length + (bytes.length >> 1))));
    }
    if (size + 2 > start.length) {
      start = Arrays.copyOf(start, start.length + (start.length >> 1));
      count = Arrays.copyOf(count, start.length);
    }
    System.arraycopy(source, from, bytes, begin, length);
    count[size] = occurrences;
    start[++size] = begin + length;
  }

  private void grow() {
    if (slots.length == 1 << 30) {
      throw new IllegalArgumentException("captions: there are more than " + size + " distinct words; train on fewer captions");
    }
    slots = new int[2 * slots.length];
    for (int piece = 0; piece < size; piece++) {
      int slot = TokenList.hash(bytes, start[piece], start[piece + 1]) & slots.length - 1;
      while (slots[slot] != 0) {
        slot = slot + 1 & slots.length - 1;
      }
      slots[slot] = piece + 1;
    }
  }

  static long sum(long a, long b) {
    if (a > Long.MAX_VALUE - b) {
      throw tooMany();
    }
    return a + b;
  }

  static long product(long count, int letters) {
    if (count > Long.MAX_VALUE / letters) {
      throw tooMany();
    }
    return count * letters;
  }

  private static IllegalArgumentException tooMany() {
    return new IllegalArgumentException("captions: their words have more than 2^63 - 1 letters together; divide all counts by a common factor");
  }
}
