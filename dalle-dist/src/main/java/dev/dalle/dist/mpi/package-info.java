/**
 * Ranks that are processes of one or many machines, connected by the system's MPI. {@link dev.dalle.dist.mpi.MpiWorld} starts here.
 *
 * <p>MPI moves bytes; sums are this module's own, added in the order of ranks, with the same bits as those of threads. One thread of each process makes all calls
 * of MPI.
 */
package dev.dalle.dist.mpi;
