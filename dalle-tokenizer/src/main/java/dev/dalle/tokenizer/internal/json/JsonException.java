package dev.dalle.tokenizer.internal.json;

/** A text that is no JSON, or not the JSON that was expected. */
public final class JsonException extends Exception {
  private static final long serialVersionUID = 1;

  /** With what was expected and found, and where. */
  public JsonException(String message) {
    super(message);
  }
}
