package dev.dalle.bindings.mpi;

import dev.dalle.bindings.internal.mpi.MpiFunctions;
import dev.dalle.bindings.internal.mpi.MpiLibrary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Objects;

/**
 * MPI in this process, which can start and end it once. Calls of everything that comes from it are made by one thread at a time, or by the one that started it,
 * see {@link #threads}.
 *
 * <p>Errors are returned by the library and thrown as {@link MpiException}, with its own text, instead of ending the process.
 */
public final class Mpi {
  private final MpiThreads threads;
  private final MpiComm world;
  private boolean ended;

  private Mpi(MpiThreads threads) {
    this.threads = threads;
    this.world = new MpiComm(this, MpiFunctions.COMM_WORLD);
    world.returnErrors();
  }

  /**
   * What the library says of itself, without starting it.
   *
   * @throws dev.dalle.bindings.NativeLibraryException if it cannot be used
   */
  public static String version() {
    return MpiLibrary.require().version();
  }

  /**
   * Starts MPI.
   *
   * @param wanted which threads shall call it; the library may give another
   * @throws dev.dalle.bindings.NativeLibraryException if the library cannot be used
   * @throws IllegalStateException if it was started before in this process
   */
  public static Mpi start(MpiThreads wanted) {
    Objects.requireNonNull(wanted, "wanted");
    MpiLibrary.require();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      if (flag(MpiFunctions.INITIALIZED, "MPI_Initialized", out)) {
        throw new IllegalStateException("MPI was started before in this process, which can be done once; keep the world that came of it");
      }
      int status = (int) MpiFunctions.INIT_THREAD.invokeExact(MemorySegment.NULL, MemorySegment.NULL, wanted.ordinal(), out);
      MpiException.check(status, "MPI_Init_thread", wanted);
      return new Mpi(level(out.get(ValueLayout.JAVA_INT, 0)));
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static boolean flag(MethodHandle function, String name, MemorySegment out) throws Throwable {
    int status = (int) function.invokeExact(out);
    MpiException.check(status, name, "this process");
    return out.get(ValueLayout.JAVA_INT, 0) != 0;
  }

  /** Both families number the levels from 0 in the order of the standard. */
  private static MpiThreads level(int number) {
    return MpiThreads.values()[Math.clamp(number, 0, MpiThreads.values().length - 1)];
  }

  /** Which threads may call. */
  public MpiThreads threads() {
    return threads;
  }

  /** All processes that were started together. */
  public MpiComm world() {
    return world;
  }

  /** Ends MPI; waits until all processes of the world do. */
  public void end() {
    if (ended) {
      return;
    }
    ended = true;
    try {
      int status = (int) MpiFunctions.FINALIZE.invokeExact();
      MpiException.check(status, "MPI_Finalize", "this process");
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  /**
   * Ends all processes of the world, this one included.
   *
   * @param status of the processes
   */
  public void abort(int status) {
    try {
      int failed = (int) MpiFunctions.ABORT.invokeExact(MpiFunctions.COMM_WORLD, status);
      MpiException.check(failed, "MPI_Abort", "status " + status);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static RuntimeException unexpected(Throwable t) {
    if (t instanceof RuntimeException e) {
      throw e;
    }
    if (t instanceof Error e) {
      throw e;
    }
    throw new AssertionError("a native function declares no exception", t);
  }
}
