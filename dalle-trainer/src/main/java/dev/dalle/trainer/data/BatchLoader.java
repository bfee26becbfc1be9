package dev.dalle.trainer.data;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * Makes batches ahead of their use, on background threads. Batch number b holds places {@code b * batchSize} and following of
 * an {@link EpochOrder} and gets a {@link DerivedRandom} of the seed and b, so it is the same whatever the number of threads and whatever
 * batch a run began with. At most {@code ahead} batches exist besides the one last taken. One consumer thread.
 *
 * @param <T> what a batch is made into
 */
public final class BatchLoader<T> implements AutoCloseable {
  /**
   * Makes one batch. Called from several threads at once if the loader has several.
   *
   * @param <T> what a batch is made into
   */
  @FunctionalInterface
  public interface Preparer<T> {
    /**
     * @param number the batch, from 0
     * @param indices places in whatever the order is over, in their order in the batch
     * @param random for this batch alone
     */
    T prepare(long number, int[] indices, RandomGenerator random);
  }

  private final EpochOrder order;
  private final int batchSize;
  private final Preparer<T> preparer;
  private final ExecutorService workers;
  private final Queue<Future<T>> ready = new ArrayDeque<>();
  private long nextToTake;
  private long nextToMake;
  private boolean closed;

  /**
   * Starts making batches at once.
   *
   * @param order which examples, in which order; its seed is the seed of the batches' random generators too
   * @param batchSize examples a batch, at least 1
   * @param firstBatch number of the first batch wanted: 0, or where a run resumes
   * @param ahead batches made before they are asked for, at least 1
   * @param threads that make them, at least 1
   * @param preparer makes one batch
   */
  public BatchLoader(EpochOrder order, int batchSize, long firstBatch, int ahead, int threads, Preparer<T> preparer) {
    if (batchSize < 1 || firstBatch < 0 || ahead < 1 || threads < 1) {
      throw new IllegalArgumentException("loader: expected batchSize, ahead and threads of at least 1 and firstBatch of at least 0,"
          + " got batchSize " + batchSize + ", ahead " + ahead + ", threads " + threads + ", firstBatch " + firstBatch);
    }
    this.order = order;
    this.batchSize = batchSize;
    this.preparer = preparer;
    this.nextToTake = firstBatch;
    this.nextToMake = firstBatch;
    AtomicInteger count = new AtomicInteger();
    this.workers = Executors.newFixedThreadPool(threads,
        work -> Thread.ofPlatform().daemon().name("batch-loader-" + count.getAndIncrement()).unstarted(work));
    for (int i = 0; i < ahead; i++) {
      makeOneMore();
    }
  }

  /** Number of the batch that {@link #next} returns next. */
  public long nextNumber() {
    return nextToTake;
  }

  /**
   * The next batch; waits until it is made.
   *
   * @throws RuntimeException what the preparer threw for this batch; the loader is then closed
   * @throws IllegalStateException if the loader is closed
   * @throws CancellationException if the waiting thread is interrupted; the loader is then closed
   */
  public T next() {
    if (closed) {
      throw new IllegalStateException("batch " + nextToTake + " was asked of a closed loader");
    }
    makeOneMore();
    try {
      T batch = ready.remove().get();
      nextToTake++;
      return batch;
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw (CancellationException) new CancellationException("interrupted while waiting for batch " + nextToTake).initCause(e);
    } catch (ExecutionException e) {
      close();
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        default -> throw new IllegalStateException("batch " + nextToTake + " could not be made", e.getCause());
      }
    }
  }

  private void makeOneMore() {
    long number = nextToMake++;
    ready.add(workers.submit(() -> preparer.prepare(number, indices(number), new DerivedRandom(order.seed(), number))));
  }

  private int[] indices(long number) {
    int[] indices = new int[batchSize];
    for (int i = 0; i < batchSize; i++) {
      indices[i] = order.index(number * batchSize + i);
    }
    return indices;
  }

  /** Stops the threads and waits for them; batches not taken are dropped. Closing twice is fine. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    // No interrupt: it would close the files that a batch in the making reads, and those belong to the data set.
    ready.forEach(batch -> batch.cancel(false));
    ready.clear();
    workers.shutdown();
    boolean interrupted = false;
    try {
      while (!workers.awaitTermination(1, TimeUnit.MINUTES)) {
        // One batch a thread may still be in the making; it ends by itself.
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
