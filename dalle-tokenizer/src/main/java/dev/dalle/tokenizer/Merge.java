package dev.dalle.tokenizer;

/**
 * One merge of a vocabulary: the two tokens that become one when they stand side by side in a word.
 *
 * @param left  id of the left token, at least 0
 * @param right id of the right token, at least 0
 */
public record Merge(int left, int right) {

  /** Checks that both ids are at least 0. */
  public Merge {
    if (left < 0 || right < 0) {
      throw new IllegalArgumentException("merge: expected ids of at least 0, got " + left + " and " + right);
    }
  }
}
