package dev.dalle.bindings.mpi;

import dev.dalle.bindings.internal.mpi.MpiFunctions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Something that is under way. Keeps the memory that it works on reachable; who gave it leaves it alone until {@link #test} has said that it is done. A request
 * that is never tested until then is never done.
 */
public final class MpiRequest {
  private final String call;
  private final MpiComm comm;
  private final List<MemorySegment> memory;
  private long handle;
  private boolean done;
  private int source = -1;
  private int tag = -1;

  MpiRequest(String call, MpiComm comm, long handle, List<MemorySegment> memory) {
    this.call = call;
    this.comm = comm;
    this.handle = handle;
    this.memory = memory;
  }

  /**
   * Whether it is done; makes it go on.
   *
   * @throws MpiException if it failed
   */
  public boolean test() {
    if (done) {
      return true;
    }
    MemorySegment request = comm.handleOut();
    MemorySegment flag = comm.numberOut();
    MemorySegment status = comm.status();
    MpiFunctions.setHandle(request, handle);
    try {
      int failed = (int) MpiFunctions.TEST.invokeExact(request, flag, status);
      if (failed != 0) {
        done = true;
        MpiException.check(failed, "MPI_Test", call + " on " + memory.size() + " segments of memory");
      }
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    handle = MpiFunctions.handle(request);
    if (flag.get(ValueLayout.JAVA_INT, 0) != 0) {
      done = true;
      source = status.get(ValueLayout.JAVA_INT, MpiFunctions.abi().sourceOffset());
      tag = status.get(ValueLayout.JAVA_INT, MpiFunctions.abi().tagOffset());
    }
    return done;
  }

  /** The rank that sent, of a receive that is done. */
  public int source() {
    return source;
  }

  /** The tag that was sent, of a receive that is done. */
  public int tag() {
    return tag;
  }

  /** Asks for a receive to be given up; it is done soon after, one way or the other. */
  public void cancel() {
    if (done) {
      return;
    }
    MemorySegment request = comm.handleOut();
    MpiFunctions.setHandle(request, handle);
    try {
      int failed = (int) MpiFunctions.CANCEL.invokeExact(request);
      MpiException.check(failed, "MPI_Cancel", call);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
  }
}
