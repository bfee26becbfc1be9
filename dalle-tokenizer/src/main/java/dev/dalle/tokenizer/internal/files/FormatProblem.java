package dev.dalle.tokenizer.internal.files;

/** A file that is not what it should be; the message says where, what was found and what was expected. */
public final class FormatProblem extends Exception {
  private static final long serialVersionUID = 1;

  /** With the message. */
  public FormatProblem(String message) {
    super(message);
  }
}
