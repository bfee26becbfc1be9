package dev.dalle.tokenizer;

import java.util.Objects;

/**
 * A token that is found in the text itself, before anything is merged: markers such as {@code <|endoftext|>}, and words that somebody added later.
 *
 * @param content the text that it stands for, not empty
 * @param id its id, at least 0
 * @param special whether it is a marker, which decoding can leave out
 * @param singleWord whether it counts only where no letter or digit touches it
 * @param stripLeft whether it swallows white space before it
 * @param stripRight whether it swallows white space after it
 * @param normalized whether it is looked for in the normalized text
 */
public record AddedToken(String content, int id, boolean special, boolean singleWord, boolean stripLeft, boolean stripRight, boolean normalized) {
  /** Checks content and id. */
  public AddedToken {
    Objects.requireNonNull(content, "content");
    if (content.isEmpty()) {
      throw new IllegalArgumentException("added token " + id + ": expected some text, got none");
    }
    if (id < 0) {
      throw new IllegalArgumentException("added token \"" + content + "\": expected an id of at least 0, got " + id);
    }
  }

  /** A marker, taken literally wherever it stands. */
  public static AddedToken special(String content, int id) {
    return new AddedToken(content, id, true, false, false, false, false);
  }
}
