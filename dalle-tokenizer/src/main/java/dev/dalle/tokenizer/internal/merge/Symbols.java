package dev.dalle.tokenizer.internal.merge;

/** What a piece consists of before anything is merged. Immutable, for any number of threads. */
public interface Symbols {
  /**
   * Writes the symbols of {@code text[from, to)} into {@link WordMerger#symbols}.
   *
   * @return how many there are
   */
  int load(char[] text, int from, int to, WordMerger merger);

  /**
   * As {@link #load(char[], int, int, WordMerger)}, and appends for each symbol the index in {@code text} of its first char and the index after its last.
   */
  int load(char[] text, int from, int to, WordMerger merger, IntList starts, IntList ends);
}
