package dev.dalle.tensor;

/** A device has not enough memory for what was asked; the message says how much was asked, in use and available. */
public final class DeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With the whole sentence. */
  public DeviceMemoryException(String message) {
    super(message);
  }
}
