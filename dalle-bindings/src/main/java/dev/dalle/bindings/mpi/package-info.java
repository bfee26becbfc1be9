/**
 * The system's MPI, Open MPI or MPICH and what descends from it: {@link dev.dalle.bindings.mpi.Mpi} starts it, {@link dev.dalle.bindings.mpi.MpiComm} is a
 * communicator, {@link dev.dalle.bindings.mpi.MpiRequest} something that is under way. Source: Message Passing Interface Forum, MPI 3.1.
 */
package dev.dalle.bindings.mpi;
