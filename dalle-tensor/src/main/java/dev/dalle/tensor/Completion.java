package dev.dalle.tensor;

/** The end of something that was posted to a {@link Device}. */
@FunctionalInterface
public interface Completion {
  /**
   * Waits until it is done, and with it everything that was posted to the device before it. Any number of threads may wait, any number of times, beside the one
   * that posts. On a device that works only while it is waited for, the others wait until the posting thread does.
   *
   * @throws RuntimeException if it failed, as {@link Device#synchronize()} would say
   */
  void await();
}
