package dev.dalle.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** The same work for many texts, on several threads. */
final class Batches {
  /** Texts that a thread takes at a time: enough to hide the taking, few enough to end together. */
  private static final int CHUNK = 64;

  private Batches() {}

  /**
   * Does {@code work} for 0 to count - 1; the results in order.
   *
   * @throws IllegalArgumentException if {@code threads} is below 1
   */
  static <T> List<T> map(int count, int threads, IntFunction<T> work) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: expected at least 1, got " + threads);
    }
    Object[] results = new Object[count];
    AtomicInteger next = new AtomicInteger();
    Callable<Void> worker = () -> {
      for (int from = next.getAndAdd(CHUNK); from >= 0 && from < count; from = next.getAndAdd(CHUNK)) {
        for (int i = from; i < Math.min(count, from + CHUNK); i++) {
          results[i] = work.apply(i);
        }
      }
      return null;
    };
    int useful = Math.max(1, Math.min(threads, (count + CHUNK - 1) / CHUNK));
    try (ExecutorService pool = Executors.newFixedThreadPool(useful)) {
      List<Callable<Void>> workers = new ArrayList<>();
      for (int i = 0; i < useful; i++) {
        workers.add(worker);
      }
      for (Future<Void> future : pool.invokeAll(workers)) {
        future.get();
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while encoding " + count + " texts", e);
    }
    List<T> list = new ArrayList<>(count);
    for (Object result : results) {
      @SuppressWarnings("unchecked")
      T typed = (T) result;
      list.add(typed);
    }
    return list;
  }
}
