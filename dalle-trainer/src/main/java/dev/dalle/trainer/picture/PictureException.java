package dev.dalle.trainer.picture;

/** A picture that cannot be read, or is unfit for what was asked. The message names the picture, what was found and what to do. */
public final class PictureException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** @param message which picture, what was found, what to do */
  public PictureException(String message) {
    super(message);
  }

  /**
   * @param message which picture, what was found, what to do
   * @param cause the failure underneath
   */
  public PictureException(String message, Throwable cause) {
    super(message, cause);
  }
}
