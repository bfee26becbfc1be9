package dev.dalle.trainer.data;

import java.util.ArrayDeque;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/**
 * Makes batches ahead of their use, on background threads. A {@link BatchPlan} says which examples are in batch number b, and a {@link DerivedRandom}
 * of the seed and b is where its chance comes from, so a batch is the same whatever the number of threads and whatever batch a run began with; batches come in
 * the order of their numbers. Memory is bounded: besides the batch that the consumer took last at most {@code ahead} exist, made or in the making, and one
 * more while the consumer waits for the next. One consumer thread.
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
     * Makes one batch.
     *
     * @throws RuntimeException what the consumer should see in place of the batch; it should name the example
     */
    T prepare(Job job);
  }

  /**
   * A batch to be made.
   *
   * @param number of the batch, from 0
   * @param indices places in whatever the plan is over, in their order in the batch
   * @param random for this batch alone
   * @param dropped whether nobody will take the batch any more
   */
  public record Job(long number, int[] indices, RandomGenerator random, BooleanSupplier dropped) {
    /**
     * To be called between examples: a loader that is closed waits for an example, and not for a batch.
     *
     * @throws CancellationException if nobody will take the batch; no consumer sees it
     */
    public void checkWanted() {
      if (dropped.getAsBoolean()) {
        throw new CancellationException("batch " + number + " is not wanted any more");
      }
    }
  }

  private final BatchPlan plan;
  private final long seed;
  private final Preparer<T> preparer;
  private final ExecutorService workers;
  private final Queue<Future<T>> ready = new ArrayDeque<>();
  private long nextToTake;
  private long nextToMake;
  private volatile boolean closed;

  /**
   * Starts making batches of an endless order at once.
   *
   * @param order which examples, in which order; its seed is the seed of the batches' random generators too
   * @param batchSize examples a batch, at least 1
   * @param firstBatch number of the first batch wanted: 0, or where a run resumes
   * @param ahead batches made before they are asked for, at least 1; no more threads than this have work
   * @param threads that make them, at least 1
   * @param preparer makes one batch
   */
  public BatchLoader(EpochOrder order, int batchSize, long firstBatch, int ahead, int threads, Preparer<T> preparer) {
    this(BatchPlan.endless(order, batchSize), order.seed(), firstBatch, ahead, threads, preparer);
  }

  /**
   * Starts making batches at once.
   *
   * @param plan which examples are in which batch
   * @param seed of the batches' random generators
   * @param firstBatch number of the first batch wanted, at most the number of batches
   * @param ahead batches made before they are asked for, at least 1; no more threads than this have work
   * @param threads that make them, at least 1
   * @param preparer makes one batch
   */
  public BatchLoader(BatchPlan plan, long seed, long firstBatch, int ahead, int threads, Preparer<T> preparer) {
    if (firstBatch < 0 || firstBatch > plan.batches() || ahead < 1 || threads < 1) {
      throw new IllegalArgumentException("loader: expected ahead and threads of at least 1 and firstBatch from 0 to " + plan.batches() + ", got ahead " + ahead
          + ", threads " + threads + ", firstBatch " + firstBatch);
    }
    this.plan = plan;
    this.seed = seed;
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

  /** Whether the plan has a batch that was not taken. */
  public boolean hasNext() {
    return nextToTake < plan.batches();
  }

  /**
   * The next batch; waits until it is made. The loader does not keep it.
   *
   * @throws RuntimeException what the preparer threw for this batch; the loader is then closed
   * @throws IllegalStateException if the loader is closed
   * @throws NoSuchElementException if all batches were taken
   * @throws CancellationException if the waiting thread is interrupted; the loader is then closed
   */
  public T next() {
    if (closed) {
      throw new IllegalStateException("batch " + nextToTake + " was asked of a closed loader");
    }
    if (!hasNext()) {
      throw new NoSuchElementException("batch " + nextToTake + " was asked for, there are " + plan.batches());
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
    if (nextToMake == plan.batches()) {
      return;
    }
    long number = nextToMake++;
    ready.add(workers.submit(() -> preparer.prepare(new Job(number, plan.indices(number), new DerivedRandom(seed, number), () -> closed))));
  }

  /**
   * Stops the threads and waits for them, each for the example that it is at, also if the waiting thread is interrupted: a data set that is closed next must
   * have no readers left. Batches not taken are dropped, and their failures with them. Closing twice is fine.
   */
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
    while (!workers.isTerminated()) {
      try {
        workers.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
