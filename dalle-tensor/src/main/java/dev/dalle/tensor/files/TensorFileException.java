package dev.dalle.tensor.files;

import java.io.IOException;

/**
 * A file of tensors is damaged, of another format, or does not hold what was asked of it; the message names file, tensor, what was expected and what
 * was found.
 */
public final class TensorFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With the whole sentence. */
  public TensorFileException(String message) {
    super(message);
  }

  /** With the whole sentence and what led to it. */
  public TensorFileException(String message, Throwable cause) {
    super(message, cause);
  }
}
