package dev.dalle.tokenizer.internal.split;

/** A rule that cuts text into the pieces inside which merges happen. Immutable, for any number of threads. */
public interface Splitter {
  /** Pieces in order, none of them empty. Text between them belongs to no token. Used by one thread. */
  interface Cursor {
    /** Goes to the next piece; false if there is none. */
    boolean next();

    /** Index of the piece's first char. */
    int start();

    /** Index after its last char. */
    int end();
  }

  /** The pieces of {@code text[from, to)}. */
  Cursor cursor(char[] text, int from, int to);
}
