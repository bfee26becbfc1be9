package dev.dalle.tensor;

/** A tensor's shape, type or device does not fit what was asked; the message names the argument, what was expected and what was given. */
public final class ShapeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** With the whole sentence. */
  public ShapeException(String message) {
    super(message);
  }
}
