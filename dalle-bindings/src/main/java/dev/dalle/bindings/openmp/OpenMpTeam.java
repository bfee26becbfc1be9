package dev.dalle.bindings.openmp;

import dev.dalle.bindings.internal.load.OneDnnLibrary;
import dev.dalle.bindings.internal.openmp.Gomp;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;

/**
 * Runs Java code on the OpenMP threads that oneDNN computes on. A pool of its own would compete with them for the cores: OpenMP
 * threads wait spinning for their next work. An empty region costs one to two microseconds.
 *
 * <p>Bodies must not block, park or wait for one another. They may execute oneDNN primitives made for one thread. What a body
 * throws is rethrown to the caller after the region has ended, further failures of the same region as suppressed ones.
 *
 * <p>Threads: OpenMP keeps one set of worker threads for every thread that starts regions, so use one platform thread for all
 * computation of a process. Other threads may start regions too, one after the other, at the price of more workers. A virtual
 * thread is refused, and so is a region inside a region.
 *
 * <p>Owns the native entry point of its upcall, released by {@link #close()}.
 */
public final class OpenMpTeam implements AutoCloseable {
  private static final MethodHandle REGION;

  static {
    try {
      REGION = MethodHandles.lookup().findVirtual(OpenMpTeam.class, "region", MethodType.methodType(void.class, MemorySegment.class));
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Arena arena = Arena.ofShared();        // called from whichever thread starts regions
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final MemorySegment entry;
  private final int threads;
  private volatile IntConsumer body;
  private boolean closed;

  /**
   * Makes a team.
   *
   * @param threads number of threads of a region, the caller's included
   * @throws dev.dalle.bindings.NativeLibraryException if the library cannot be used
   */
  @SuppressWarnings({"restricted", "this-escape"})
  public OpenMpTeam(int threads) {
    if (threads < 1 || threads > 1024) {
      throw new IllegalArgumentException("threads: expected 1 to 1024, got " + threads);
    }
    OneDnnLibrary.require();
    this.threads = threads;
    entry = Linker.nativeLinker().upcallStub(REGION.bindTo(this), FunctionDescriptor.ofVoid(ValueLayout.ADDRESS), arena);
  }

  /** Number of threads of a region. */
  public int threads() {
    return threads;
  }

  /**
   * Calls the body once on every thread, with the thread's number from 0 to {@code threads() - 1}, and waits for all.
   *
   * @throws IllegalStateException inside a region, on a virtual thread, or after {@link #close()}
   */
  public void parallel(IntConsumer body) {
    Objects.requireNonNull(body, "body");
    checkCaller();
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("OpenMpTeam: used after close()");
      }
      this.body = body;
      Gomp.parallel(entry, threads);
      this.body = null;
      Throwable thrown = failure.getAndSet(null);
      if (thrown instanceof Error e) {
        throw e;
      }
      if (thrown != null) {
        throw (RuntimeException) thrown;             // an IntConsumer throws nothing else, short of trickery
      }
    } finally {
      lock.unlock();
    }
  }

  /** A part of a loop. */
  @FunctionalInterface
  public interface Range {
    /**
     * Does the part of one thread.
     *
     * @param thread the thread's number
     * @param begin first index
     * @param end index after the last
     */
    void run(int thread, long begin, long end);
  }

  /**
   * Splits a loop into at most {@code threads()} contiguous parts whose bounds depend on the arguments alone. A loop of no more
   * than {@code grain} indices runs on the calling thread, without a region.
   *
   * @param count number of indices
   * @param grain bounds of parts are multiples of it (the last end excepted), and no part is smaller
   * @param body called once a part
   */
  public void parallelFor(long count, long grain, Range body) {
    Objects.requireNonNull(body, "body");
    if (count < 0 || grain < 1) {
      throw new IllegalArgumentException("count, grain: expected count >= 0 and grain >= 1, got " + count + ", " + grain);
    }
    long grains = count / grain;                       // a remainder joins the last part
    int parts = (int) Math.min(threads, grains);
    if (parts <= 1) {
      checkCaller();
      if (count > 0) {
        body.run(0, 0, count);
      }
      return;
    }
    parallel(thread -> {
      if (thread < parts) {
        long begin = grains * thread / parts * grain;
        long end = thread == parts - 1 ? count : grains * (thread + 1) / parts * grain;
        body.run(thread, begin, end);
      }
    });
  }

  /** One of several pieces of work of different length. */
  @FunctionalInterface
  public interface Task {
    /**
     * Does one piece.
     *
     * @param thread the number of the thread that does it
     * @param index the piece
     */
    void run(int thread, int index);
  }

  /**
   * Calls the body once for every index below {@code count}; each thread takes the next index when it is done with its last.
   * Which thread does which is not fixed, so a result must not depend on it.
   */
  public void parallelTasks(int count, Task body) {
    Objects.requireNonNull(body, "body");
    if (count < 0) {
      throw new IllegalArgumentException("count: expected at least 0, got " + count);
    }
    if (count <= 1 || threads == 1) {
      checkCaller();
      for (int i = 0; i < count; i++) {
        body.run(0, i);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    parallel(thread -> {
      for (int i; (i = next.getAndIncrement()) < count;) {
        body.run(thread, i);
      }
    });
  }

  private static void checkCaller() {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("OpenMpTeam: called on a virtual thread; use a platform thread, OpenMP keeps state per thread");
    }
    if (Gomp.inParallel()) {
      throw new IllegalStateException("OpenMpTeam: a region was started inside a region; run the inner loop on the calling thread");
    }
  }

  /** Called by libgomp on each thread. Nothing may leave it: an exception in an upcall ends the process. */
  @SuppressWarnings("unused")
  private void region(MemorySegment data) {
    try {
      body.accept(Gomp.threadNum());
    } catch (Throwable t) {
      Throwable first = failure.compareAndExchange(null, t);
      if (first != null && first != t) {
        first.addSuppressed(t);
      }
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        arena.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
