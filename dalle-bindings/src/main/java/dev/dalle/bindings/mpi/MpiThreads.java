package dev.dalle.bindings.mpi;

/** Which threads may call MPI; the constants have the order of the standard, MPI 3.1, section 12.4. */
public enum MpiThreads {
  /** The process has one thread only. */
  SINGLE,
  /** Only the thread that started MPI. */
  FUNNELED,
  /** One at a time. */
  SERIALIZED,
  /** All of them. */
  MULTIPLE
}
