package dev.dalle.tensor.files;

import java.io.IOException;

/** There is no room for a file; the message names it, the bytes it needs and the bytes there are. What was there before still is. */
public final class DiskFullException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With the whole sentence. */
  public DiskFullException(String message, Throwable cause) {
    super(message, cause);
  }
}
