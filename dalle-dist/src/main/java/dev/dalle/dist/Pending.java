package dev.dalle.dist;

import java.time.Duration;

/**
 * The end of what was posted to a {@link Communicator}. Results may be read, and tensors written or freed, once {@link #await} has returned. To be called by the
 * thread that posts to the device; any number of times.
 */
public interface Pending {
  /**
   * Waits, up to the communicator's deadline counted from the call.
   *
   * @throws CommunicationException if a rank failed, is late, or did something else; the communicator is of no further use then
   */
  void await();

  /**
   * As {@link #await()} with a deadline of its own.
   *
   * @param deadline from the call; positive
   */
  void await(Duration deadline);

  /** Whether {@link #await} would return, or throw, at once. */
  boolean isDone();
}
