package dev.dalle.bindings.mpi;

import dev.dalle.bindings.internal.mpi.MpiAbi;
import dev.dalle.bindings.internal.mpi.MpiFunctions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/**
 * A communicator of MPI. What does not wait gives an {@link MpiRequest}; counts and displacements are of elements, whose content does not matter, only their size.
 * One thread at a time.
 */
public final class MpiComm {
  /** The rank that stands for any, of {@link #receive}. */
  public static final int ANY_RANK = -1;

  private final Mpi mpi;
  private final long handle;
  // Read and written within a call; shared, because the thread that makes a communicator need not be the one that uses it.
  private final MemorySegment handleOut = Arena.ofAuto().allocate(8, 8);
  private final MemorySegment numberOut = Arena.ofAuto().allocate(8, 8);
  private final MemorySegment status = Arena.ofAuto().allocate(MpiFunctions.abi().statusBytes(), 8);
  private final int rank;
  private final int size;

  MpiComm(Mpi mpi, long handle) {
    this.mpi = mpi;
    this.handle = handle;
    this.rank = number(MpiFunctions.COMM_RANK, "MPI_Comm_rank");
    this.size = number(MpiFunctions.COMM_SIZE, "MPI_Comm_size");
  }

  /**
   * Counts and displacements of what is exchanged with each rank, in elements.
   *
   * @param counts one a rank
   * @param displacements from the buffer's beginning, one a rank
   */
  public record Parts(int[] counts, int[] displacements) {
    /** Checks the lengths. */
    public Parts {
      if (counts.length != displacements.length) {
        throw new IllegalArgumentException("counts, displacements: expected as many of one as of the other, got " + counts.length + " and " + displacements.length);
      }
    }

    private static MemorySegment memory(int[] numbers) {
      return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_INT, numbers);
    }

    private void check(MemorySegment buffer, int elementBytes, int size) {
      if (counts.length != size) {
        throw new IllegalArgumentException("counts: expected one for each of " + size + " ranks, got " + counts.length);
      }
      for (int i = 0; i < size; i++) {
        MpiComm.check(buffer, displacements[i], counts[i], elementBytes);
      }
    }
  }

  MemorySegment handleOut() {
    return handleOut;
  }

  MemorySegment numberOut() {
    return numberOut;
  }

  MemorySegment status() {
    return status;
  }

  private int number(MethodHandle function, String name) {
    try {
      int failed = (int) function.invokeExact(handle, numberOut);
      MpiException.check(failed, name, this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return numberOut.get(ValueLayout.JAVA_INT, 0);
  }

  void returnErrors() {
    try {
      int failed = (int) MpiFunctions.COMM_SET_ERRHANDLER.invokeExact(handle, MpiFunctions.ERRORS_RETURN);
      MpiException.check(failed, "MPI_Comm_set_errhandler", this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
  }

  /** This process, from 0. */
  public int rank() {
    return rank;
  }

  /** Number of processes. */
  public int size() {
    return size;
  }

  /** A communicator of the same processes whose messages do not mix with those of this one. All call it together, and it waits for them. */
  public MpiComm duplicate() {
    try {
      int failed = (int) MpiFunctions.COMM_DUP.invokeExact(handle, handleOut);
      MpiException.check(failed, "MPI_Comm_dup", this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return made();
  }

  /**
   * Communicators of those with the same colour, in the order of their keys, and of their ranks where keys are equal. All call it together, and it waits for them.
   *
   * @param colour negative for none
   */
  public Optional<MpiComm> split(int colour, int key) {
    try {
      int failed = (int) MpiFunctions.COMM_SPLIT.invokeExact(handle, colour < 0 ? MpiAbi.UNDEFINED : colour, key, handleOut);
      MpiException.check(failed, "MPI_Comm_split", "colour " + colour + ", key " + key + " of " + this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return colour < 0 ? Optional.empty() : Optional.of(made());
  }

  /** A communicator of those that share memory: the processes of a machine. All call it together, and it waits for them. */
  public MpiComm splitByMachine() {
    try {
      int failed = (int) MpiFunctions.COMM_SPLIT_TYPE.invokeExact(handle, MpiFunctions.abi().sharedMemory(), 0, MpiFunctions.INFO_NULL, handleOut);
      MpiException.check(failed, "MPI_Comm_split_type", this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return made();
  }

  private MpiComm made() {
    MpiComm comm = new MpiComm(mpi, MpiFunctions.handle(handleOut));
    comm.returnErrors();
    return comm;
  }

  /** Gives the communicator back; all of its processes do, each after its last use. Not of the world. */
  public void free() {
    MpiFunctions.setHandle(handleOut, handle);
    try {
      int failed = (int) MpiFunctions.COMM_FREE.invokeExact(handleOut);
      MpiException.check(failed, "MPI_Comm_free", this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
  }

  /**
   * Sends bytes to a rank. Those with the same tag keep their order.
   *
   * @param memory native, sent whole
   */
  public MpiRequest send(MemorySegment memory, int to, int tag) {
    return transfer(MpiFunctions.ISEND, "MPI_Isend", memory, to, tag);
  }

  /**
   * Receives bytes.
   *
   * @param memory native, of at least the size of what was sent; more is an error of the request
   * @param from a rank or {@link #ANY_RANK}
   */
  public MpiRequest receive(MemorySegment memory, int from, int tag) {
    return transfer(MpiFunctions.IRECV, "MPI_Irecv", memory, from == ANY_RANK ? MpiFunctions.abi().anySource() : from, tag);
  }

  private MpiRequest transfer(MethodHandle function, String name, MemorySegment memory, int peer, int tag) {
    int bytes = Math.toIntExact(memory.byteSize());
    try {
      int failed = (int) function.invokeExact(memory, bytes, MpiFunctions.type(1), peer, tag, handle, handleOut);
      MpiException.check(failed, name, bytes + " bytes, rank " + peer + ", tag " + tag + " of " + this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return request(name, memory);
  }

  /** Done when every rank has called it. */
  public MpiRequest barrier() {
    try {
      int failed = (int) MpiFunctions.IBARRIER.invokeExact(handle, handleOut);
      MpiException.check(failed, "MPI_Ibarrier", this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return request("MPI_Ibarrier");
  }

  /**
   * Every rank gets the bytes of one.
   *
   * @param memory native, of the same size everywhere
   */
  public MpiRequest broadcast(MemorySegment memory, int root) {
    int bytes = Math.toIntExact(memory.byteSize());
    try {
      int failed = (int) MpiFunctions.IBCAST.invokeExact(memory, bytes, MpiFunctions.type(1), root, handle, handleOut);
      MpiException.check(failed, "MPI_Ibcast", bytes + " bytes from rank " + root + " of " + this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return request("MPI_Ibcast", memory);
  }

  /**
   * Every rank gets the bytes of all, in the order of ranks.
   *
   * @param in native, of the same size everywhere
   * @param out native, as many times the size as there are ranks
   */
  public MpiRequest gather(MemorySegment in, MemorySegment out) {
    int bytes = Math.toIntExact(in.byteSize());
    check(out, 0, (long) bytes * size, 1);
    try {
      long type = MpiFunctions.type(1);
      int failed = (int) MpiFunctions.IALLGATHER.invokeExact(in, bytes, type, out, bytes, type, handle, handleOut);
      MpiException.check(failed, "MPI_Iallgather", bytes + " bytes of " + this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return request("MPI_Iallgather", in, out);
  }

  /**
   * Every rank gets the parts of all; its own part lies in the buffer already.
   *
   * @param buffer native
   * @param elementBytes 1, 2, 4 or 8
   * @param parts where the part of each rank is
   */
  public MpiRequest gatherInPlace(MemorySegment buffer, int elementBytes, Parts parts) {
    parts.check(buffer, elementBytes, size);
    MemorySegment counts = Parts.memory(parts.counts());
    MemorySegment displacements = Parts.memory(parts.displacements());
    try {
      long type = MpiFunctions.type(elementBytes);
      MemorySegment inPlace = MemorySegment.ofAddress(MpiFunctions.abi().inPlace());
      int failed = (int) MpiFunctions.IALLGATHERV.invokeExact(inPlace, 0, type, buffer, counts, displacements, type, handle, handleOut);
      MpiException.check(failed, "MPI_Iallgatherv", buffer.byteSize() + " bytes of " + this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return request("MPI_Iallgatherv", buffer, counts, displacements);
  }

  /**
   * Every rank gives each a part and gets one of each.
   *
   * @param in native, does not overlap {@code out}
   * @param given where in {@code in} the part for each rank is
   * @param out native
   * @param got where in {@code out} the part of each rank comes
   * @param elementBytes 1, 2, 4 or 8
   */
  public MpiRequest exchange(MemorySegment in, Parts given, MemorySegment out, Parts got, int elementBytes) {
    given.check(in, elementBytes, size);
    got.check(out, elementBytes, size);
    MemorySegment inCounts = Parts.memory(given.counts());
    MemorySegment inDisplacements = Parts.memory(given.displacements());
    MemorySegment outCounts = Parts.memory(got.counts());
    MemorySegment outDisplacements = Parts.memory(got.displacements());
    try {
      long type = MpiFunctions.type(elementBytes);
      int failed = (int) MpiFunctions.IALLTOALLV.invokeExact(in, inCounts, inDisplacements, type, out, outCounts, outDisplacements, type, handle, handleOut);
      MpiException.check(failed, "MPI_Ialltoallv", in.byteSize() + " bytes of " + this);
    } catch (Throwable t) {
      throw Mpi.unexpected(t);
    }
    return request("MPI_Ialltoallv", in, out, inCounts, inDisplacements, outCounts, outDisplacements);
  }

  private static void check(MemorySegment buffer, long from, long count, int elementBytes) {
    if (from < 0 || count < 0 || (from + count) * elementBytes > buffer.byteSize()) {
      throw new IllegalArgumentException("buffer: expected room for " + count + " elements of " + elementBytes + " bytes from element " + from + " on, got "
          + buffer.byteSize() + " bytes");
    }
  }

  private MpiRequest request(String call, MemorySegment... memory) {
    return new MpiRequest(call, this, MpiFunctions.handle(handleOut), List.of(memory));
  }

  @Override
  public String toString() {
    return "rank " + rank + " of " + size;
  }
}
