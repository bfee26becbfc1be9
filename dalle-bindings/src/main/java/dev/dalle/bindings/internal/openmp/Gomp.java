package dev.dalle.bindings.internal.openmp;

import dev.dalle.bindings.internal.load.OneDnnLibrary;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The few functions of libgomp that we call. GOMP_parallel is the compiler's entry point, in no header, so these are written
 * by hand. Call {@link OneDnnLibrary#require()} before the first use: a failed load inside this class's initialiser would come out as
 * an error instead of the loader's exception.
 */
public final class Gomp {
  private static final MethodHandle PARALLEL;
  private static final MethodHandle SET_NUM_THREADS;
  private static final MethodHandle GET_THREAD_NUM;
  private static final MethodHandle IN_PARALLEL;

  static {
    OneDnnLibrary.require();
    // The three small ones never block, so they may skip the thread's change of state.
    Linker.Option quick = Linker.Option.critical(false);
    PARALLEL = handle("GOMP_parallel", FunctionDescriptor.ofVoid(
        ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    SET_NUM_THREADS = handle("omp_set_num_threads", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), quick);
    GET_THREAD_NUM = handle("omp_get_thread_num", FunctionDescriptor.of(ValueLayout.JAVA_INT), quick);
    IN_PARALLEL = handle("omp_in_parallel", FunctionDescriptor.of(ValueLayout.JAVA_INT), quick);
  }

  private Gomp() {}

  @SuppressWarnings("restricted")
  private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
    return Linker.nativeLinker().downcallHandle(SymbolLookup.loaderLookup().findOrThrow(name), type, options);
  }

  /** Runs {@code function(data)} on a number of threads and waits for all of them. */
  public static void parallel(MemorySegment function, int threads) {
    try {
      PARALLEL.invokeExact(function, MemorySegment.NULL, threads, 0);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Sets the number of threads that regions started by the calling thread get when they name none. */
  public static void setNumThreads(int threads) {
    try {
      SET_NUM_THREADS.invokeExact(threads);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** The calling thread's number in its region; 0 outside. */
  public static int threadNum() {
    try {
      return (int) GET_THREAD_NUM.invokeExact();
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /** Whether the calling thread is inside a region of more than one thread. */
  public static boolean inParallel() {
    try {
      return (int) IN_PARALLEL.invokeExact() != 0;
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static RuntimeException unexpected(Throwable t) {
    if (t instanceof RuntimeException e) {
      throw e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    throw new AssertionError("a native function declares no exception", t);
  }
}
