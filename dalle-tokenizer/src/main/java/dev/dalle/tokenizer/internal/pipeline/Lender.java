package dev.dalle.tokenizer.internal.pipeline;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;

/**
 * Lends working memory, so that calls leave no garbage behind: a few objects that are taken and given back, any number of threads, no locks. A thread that
 * finds none makes one; one that finds no room lets its own go.
 *
 * @param <T> the working memory, never null
 */
final class Lender<T> {
  /** References from one place to the next: no two places share a cache line, so that threads do not slow each other down. */
  private static final int STRIDE = 32;

  private final int places = Math.max(4, Runtime.getRuntime().availableProcessors());
  private final AtomicReferenceArray<T> store = new AtomicReferenceArray<>(places * STRIDE);
  private final Supplier<T> maker;

  Lender(Supplier<T> maker) {
    this.maker = maker;
  }

  /** An object that nobody else has. */
  T borrow() {
    int first = slot();
    for (int i = 0; i < places; i++) {
      int at = (first + i) % places * STRIDE;
      if (store.getPlain(at) != null) {
        T found = store.getAndSet(at, null);
        if (found != null) {
          return found;
        }
      }
    }
    return maker.get();
  }

  /** Gives an object back; the caller must not use it any more. */
  void giveBack(T object) {
    int first = slot();
    for (int i = 0; i < places; i++) {
      if (store.compareAndSet((first + i) % places * STRIDE, null, object)) {
        return;
      }
    }
  }

  /** Where a thread looks first, so that threads do not meet in one place. */
  private int slot() {
    return (int) (Thread.currentThread().threadId() % places);
  }
}
