package dev.dalle.tokenizer.internal.merge;

import java.util.Arrays;

/** The UTF-8 bytes of a piece; a lone surrogate is written as U+FFFD. */
public final class ByteSymbols implements Symbols {
  private static final int SKIPPED = -1;

  private final int[] ids;
  private final int[] lastIds;
  private final boolean complete;

  /**
   * By token.
   *
   * @param ids token of each byte; -1 for none, and such a byte is left out
   * @param lastIds token of each byte at the end of a piece; the same array if there is no difference
   */
  public ByteSymbols(int[] ids, int[] lastIds) {
    this.ids = ids.clone();
    this.lastIds = lastIds.clone();
    complete = Arrays.stream(ids).allMatch(id -> id >= 0) && Arrays.equals(ids, lastIds);
  }

  @Override
  public int load(char[] text, int from, int to, WordMerger merger) {
    int[] out = merger.symbols(3 * (to - from));
    int n = 0;
    for (int i = from; i < to; i++) {
      char c = text[i];
      if (c < 0x80) {
        out[n++] = c;
      } else {
        n = encode(text, i, to, out, n);
        if (isPair(text, i, to)) {
          i++;
        }
      }
    }
    return translate(out, n);
  }

  @Override
  public int load(char[] text, int from, int to, WordMerger merger, IntList starts, IntList ends) {
    int[] out = merger.symbols(3 * (to - from));
    int n = 0;
    for (int i = from; i < to; i++) {
      int begin = n;
      n = encode(text, i, to, out, n);
      int end = isPair(text, i, to) ? i + 2 : i + 1;
      for (int k = begin; k < n; k++) {
        int id = k == n - 1 && end == to ? lastIds[out[k]] : ids[out[k]];
        if (id != SKIPPED) {
          starts.add(i);
          ends.add(end);
        }
      }
      i = end - 1;
    }
    return translate(out, n);
  }

  /** From bytes to tokens. */
  private int translate(int[] symbols, int count) {
    if (complete) {
      for (int i = 0; i < count; i++) {
        symbols[i] = ids[symbols[i]];
      }
      return count;
    }
    int n = 0;
    for (int i = 0; i < count; i++) {
      int id = i == count - 1 ? lastIds[symbols[i]] : ids[symbols[i]];
      if (id != SKIPPED) {
        symbols[n++] = id;
      }
    }
    return n;
  }

  private static boolean isPair(char[] text, int i, int to) {
    return Character.isHighSurrogate(text[i]) && i + 1 < to && Character.isLowSurrogate(text[i + 1]);
  }

  /** The bytes of the code point at an index. */
  private static int encode(char[] text, int i, int to, int[] out, int at) {
    int n = at;
    int c = text[i];
    if (c >= 0xD800 && c < 0xE000) {
      if (isPair(text, i, to)) {
        int codePoint = Character.toCodePoint(text[i], text[i + 1]);
        out[n++] = 0xF0 | codePoint >> 18;
        out[n++] = 0x80 | codePoint >> 12 & 0x3F;
        out[n++] = 0x80 | codePoint >> 6 & 0x3F;
        out[n++] = 0x80 | codePoint & 0x3F;
        return n;
      }
      c = 0xFFFD;
    }
    if (c < 0x80) {
      out[n++] = c;
    } else if (c < 0x800) {
      out[n++] = 0xC0 | c >> 6;
      out[n++] = 0x80 | c & 0x3F;
    } else {
      out[n++] = 0xE0 | c >> 12;
      out[n++] = 0x80 | c >> 6 & 0x3F;
      out[n++] = 0x80 | c & 0x3F;
    }
    return n;
  }
}
