package dev.dalle.bindings.internal.mpi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The functions of MPI that we call, written by hand from the standard: MPI 3.1, chapters 3, 5, 6 and 8. Handles are longs here, whatever the library takes. Call
 * {@link MpiLibrary#require()} before the first use: a failed load inside this class's initialiser would come out as an error instead of an exception.
 */
public final class MpiFunctions {
  private static final MpiLibrary.Loaded LIBRARY = MpiLibrary.require();

  // Letters are the parameters: I an int, P a pointer, H a handle. All give a status.
  /** Argument count, arguments, wanted and given level of threads. */
  public static final MethodHandle INIT_THREAD = function("MPI_Init_thread", "PPIP");
  /** Flag. */
  public static final MethodHandle INITIALIZED = function("MPI_Initialized", "P");
  /** Flag. */
  public static final MethodHandle FINALIZED = function("MPI_Finalized", "P");
  /** Nothing. */
  public static final MethodHandle FINALIZE = function("MPI_Finalize", "");
  /** Communicator, status of the process. */
  public static final MethodHandle ABORT = function("MPI_Abort", "HI");
  /** Status, text, its length. */
  public static final MethodHandle ERROR_STRING = function("MPI_Error_string", "IPP");
  /** Communicator, rank. */
  public static final MethodHandle COMM_RANK = function("MPI_Comm_rank", "HP");
  /** Communicator, size. */
  public static final MethodHandle COMM_SIZE = function("MPI_Comm_size", "HP");
  /** Communicator, colour, key, new communicator. */
  public static final MethodHandle COMM_SPLIT = function("MPI_Comm_split", "HIIP");
  /** Communicator, kind, key, info, new communicator. */
  public static final MethodHandle COMM_SPLIT_TYPE = function("MPI_Comm_split_type", "HIIHP");
  /** Communicator, new communicator. */
  public static final MethodHandle COMM_DUP = function("MPI_Comm_dup", "HP");
  /** Communicator. */
  public static final MethodHandle COMM_FREE = function("MPI_Comm_free", "P");
  /** Communicator, handler. */
  public static final MethodHandle COMM_SET_ERRHANDLER = function("MPI_Comm_set_errhandler", "HH");
  /** Buffer, count, type, rank, tag, communicator, request. */
  public static final MethodHandle ISEND = function("MPI_Isend", "PIHIIHP");
  /** Buffer, count, type, rank, tag, communicator, request. */
  public static final MethodHandle IRECV = function("MPI_Irecv", "PIHIIHP");
  /** Communicator, request. */
  public static final MethodHandle IBARRIER = function("MPI_Ibarrier", "HP");
  /** Buffer, count, type, root, communicator, request. */
  public static final MethodHandle IBCAST = function("MPI_Ibcast", "PIHIHP");
  /** Buffer, count, type, buffer, count, type, communicator, request. */
  public static final MethodHandle IALLGATHER = function("MPI_Iallgather", "PIHPIHHP");
  /** Buffer, count, type, buffer, counts, displacements, type, communicator, request. */
  public static final MethodHandle IALLGATHERV = function("MPI_Iallgatherv", "PIHPPPHHP");
  /** Buffer, counts, displacements, type, the same to receive, communicator, request. */
  public static final MethodHandle IALLTOALLV = function("MPI_Ialltoallv", "PPPHPPPHHP");
  /** Request, flag, status. */
  public static final MethodHandle TEST = function("MPI_Test", "PPP");
  /** Request. */
  public static final MethodHandle CANCEL = function("MPI_Cancel", "P");

  /** Handle of the communicator of all processes. */
  public static final long COMM_WORLD = object("ompi_mpi_comm_world", 0x44000000);
  /** Handle of the error handler that returns a status. */
  public static final long ERRORS_RETURN = object("ompi_mpi_errors_return", 0x54000001);
  /** Handle of no information. */
  public static final long INFO_NULL = object("ompi_mpi_info_null", 0x1c000000);
  private static final long BYTE = object("ompi_mpi_byte", 0x4c00010d);
  private static final long SHORT = object("ompi_mpi_short", 0x4c000203);
  private static final long INT = object("ompi_mpi_int", 0x4c000405);
  private static final long LONG = object("ompi_mpi_long_long_int", 0x4c000809);

  private MpiFunctions() {}

  /** Form of the loaded library. */
  public static MpiAbi abi() {
    return LIBRARY.abi();
  }

  /** Handle of a type of so many bytes, of which nothing but the size is used. */
  public static long type(int elementBytes) {
    return switch (elementBytes) {
      case 1 -> BYTE;
      case 2 -> SHORT;
      case 4 -> INT;
      case 8 -> LONG;
      default -> throw new IllegalArgumentException("elementBytes: expected 1, 2, 4 or 8, got " + elementBytes);
    };
  }

  /** The handle that a call has written. */
  public static long handle(MemorySegment memory) {
    return abi() == MpiAbi.OPEN_MPI ? memory.get(ValueLayout.JAVA_LONG, 0) : memory.get(ValueLayout.JAVA_INT, 0);
  }

  /** Puts a handle where a call reads it. */
  public static void setHandle(MemorySegment memory, long handle) {
    if (abi() == MpiAbi.OPEN_MPI) {
      memory.set(ValueLayout.JAVA_LONG, 0, handle);
    } else {
      memory.set(ValueLayout.JAVA_INT, 0, (int) handle);
    }
  }

  private static long object(String openMpi, long mpich) {
    return abi() == MpiAbi.OPEN_MPI ? LIBRARY.symbols().find(openMpi).orElseThrow().address() : mpich;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, String parameters) {
    MemoryLayout[] layouts = new MemoryLayout[parameters.length()];
    Class<?>[] types = new Class<?>[parameters.length()];
    for (int i = 0; i < layouts.length; i++) {
      char kind = parameters.charAt(i);
      layouts[i] = kind == 'P' ? ValueLayout.ADDRESS : kind == 'I' ? ValueLayout.JAVA_INT : abi().handle();
      types[i] = kind == 'P' ? MemorySegment.class : kind == 'I' ? int.class : long.class;
    }
    MethodHandle handle = Linker.nativeLinker().downcallHandle(LIBRARY.symbols().find(name).orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, layouts));
    return MethodHandles.explicitCastArguments(handle, MethodType.methodType(int.class, types));
  }
}
