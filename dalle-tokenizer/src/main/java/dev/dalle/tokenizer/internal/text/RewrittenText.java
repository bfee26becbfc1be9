package dev.dalle.tokenizer.internal.text;

import dev.dalle.tokenizer.internal.merge.IntList;

/** A text being written, and for each of its chars, if that is wanted, the range of the original text that it came from. */
public final class RewrittenText {
  private final StringBuilder text;
  private final boolean hasOrigins;
  private final IntList starts = new IntList(0);
  private final IntList ends = new IntList(0);
  private final RewrittenText before;

  private RewrittenText(int capacity, boolean hasOrigins, RewrittenText before) {
    text = new StringBuilder(capacity + 16);
    this.hasOrigins = hasOrigins;
    this.before = before;
  }

  /** An empty text that remembers no origins. */
  public static RewrittenText withoutOrigins(int capacity) {
    return new RewrittenText(capacity, false, null);
  }

  /** A text as it is: each char comes from itself. */
  public static RewrittenText original(String text) {
    RewrittenText original = new RewrittenText(text.length(), true, null);
    original.copy(text, 0, text.length());
    return original;
  }

  /** An empty text to be written from this one: ranges of this one are translated into ranges of the original. */
  public RewrittenText next() {
    return new RewrittenText(text.length(), hasOrigins, this);
  }

  /** A part of this text by itself, its chars with the origins that they have. */
  public RewrittenText part(int from, int to) {
    RewrittenText part = new RewrittenText(to - from, true, null);
    part.text.append(text, from, to);
    for (int i = from; i < to; i++) {
      part.starts.add(starts.get(i));
      part.ends.add(ends.get(i));
    }
    return part;
  }

  /** The text so far. */
  public String text() {
    return text.toString();
  }

  /** First char of the original that char i came from. */
  public int start(int i) {
    return starts.get(i);
  }

  /** Index after the last char of the original that char i came from. */
  public int end(int i) {
    return ends.get(i);
  }

  /** Appends chars of the source, each for itself. */
  public void copy(String source, int from, int to) {
    text.append(source, from, to);
    if (hasOrigins) {
      for (int i = from; i < to; i++) {
        origin(i, i + 1);
      }
    }
  }

  /** Appends text that stands for {@code source[from, to)}; an empty range for text that was added. */
  public void put(CharSequence added, int from, int to) {
    text.append(added);
    if (hasOrigins) {
      for (int i = 0; i < added.length(); i++) {
        origin(from, to);
      }
    }
  }

  /** As {@link #put(CharSequence, int, int)} with one code point. */
  public void putCodePoint(int codePoint, int from, int to) {
    text.appendCodePoint(codePoint);
    if (hasOrigins) {
      for (int i = Character.charCount(codePoint); i > 0; i--) {
        origin(from, to);
      }
    }
  }

  private void origin(int from, int to) {
    if (before == null) {
      starts.add(from);
      ends.add(to);
    } else if (from < to) {
      starts.add(before.starts.get(from));
      ends.add(before.ends.get(to - 1));
    } else {
      // Added text stands before the char at from, or at the end.
      int at = from < before.starts.size() ? before.starts.get(from) : from == 0 ? 0 : before.ends.get(from - 1);
      starts.add(at);
      ends.add(at);
    }
  }
}
