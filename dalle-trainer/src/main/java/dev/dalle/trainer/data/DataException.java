package dev.dalle.trainer.data;

/** A data set that cannot be opened or read. The message says which, what was found and what to do. */
public final class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** @param message which data set, what was found, what to do */
  public DataException(String message) {
    super(message);
  }

  /**
   * @param message which data set, what was found, what to do
   * @param cause the failure underneath
   */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
