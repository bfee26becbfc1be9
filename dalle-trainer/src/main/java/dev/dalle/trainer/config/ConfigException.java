package dev.dalle.trainer.config;

/** A configuration cannot be used. The message names the file, the path of the key inside it and what was expected there. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With the whole sentence. */
  public ConfigException(String message) {
    super(message);
  }

  /** With the whole sentence and what caused it. */
  public ConfigException(String message, Throwable cause) {
    super(message, cause);
  }
}
