package dev.dalle.bindings.internal.mpi;

import java.util.List;

/** The functions of MPI that the bindings call. Apart from them, because a library is asked for all before any is used. */
final class MpiSymbols {
  /** All of them. */
  static final List<String> ALL = List.of("MPI_Init_thread", "MPI_Initialized", "MPI_Finalized", "MPI_Finalize", "MPI_Abort", "MPI_Get_version",
      "MPI_Get_library_version", "MPI_Error_string", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Comm_split", "MPI_Comm_split_type", "MPI_Comm_dup", "MPI_Comm_free",
      "MPI_Comm_set_errhandler", "MPI_Isend", "MPI_Irecv", "MPI_Ibarrier", "MPI_Ibcast", "MPI_Iallgather", "MPI_Iallgatherv", "MPI_Ialltoallv", "MPI_Test",
      "MPI_Cancel");

  private MpiSymbols() {}
}
