package dev.dalle.bindings.internal.mpi;

import java.lang.foreign.ValueLayout;

/** The two forms in which MPI libraries take handles and constants: their interface is fixed for C sources, not for compiled code. */
public enum MpiAbi {
  /** Open MPI and what descends from it: handles are addresses of objects that the library exports. */
  OPEN_MPI(ValueLayout.JAVA_LONG, -1, 0, 1, 24, 0, 4),
  /** MPICH, Intel MPI, MVAPICH, Cray: handles are numbers. The common form of MPICH 3.1 and later. */
  MPICH(ValueLayout.JAVA_INT, -2, 1, -1, 20, 8, 12);

  /** Colour for no communicator, in both. */
  public static final int UNDEFINED = -32766;

  private final ValueLayout handle;
  private final int anySource;
  private final int sharedMemory;
  private final long inPlace;
  private final long statusBytes;
  private final long sourceOffset;
  private final long tagOffset;

  MpiAbi(ValueLayout handle, int anySource, int sharedMemory, long inPlace, long statusBytes, long sourceOffset, long tagOffset) {
    this.handle = handle;
    this.anySource = anySource;
    this.sharedMemory = sharedMemory;
    this.inPlace = inPlace;
    this.statusBytes = statusBytes;
    this.sourceOffset = sourceOffset;
    this.tagOffset = tagOffset;
  }

  /** How a handle is passed. */
  ValueLayout handle() {
    return handle;
  }

  /** The rank that stands for any, of a receive. */
  public int anySource() {
    return anySource;
  }

  /** The kind of split by machine. */
  public int sharedMemory() {
    return sharedMemory;
  }

  /** The address that stands for the receiving buffer. */
  public long inPlace() {
    return inPlace;
  }

  /** Size of a status. */
  public long statusBytes() {
    return statusBytes;
  }

  /** Where in a status the sending rank is. */
  public long sourceOffset() {
    return sourceOffset;
  }

  /** Where in a status the tag is. */
  public long tagOffset() {
    return tagOffset;
  }
}
