package dev.dalle.dist.mpi;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What launchers tell the processes that they start, through the environment. */
final class Launch {
  private static final List<String> RANKS = List.of("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK");
  private static final List<String> SIZES = List.of("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MV2_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS");
  private static final List<String> LOCAL_RANKS = List.of("OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "MV2_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID");

  private Launch() {}

  private static Optional<Integer> number(List<String> variables, Map<String, String> environment) {
    return variables.stream().map(environment::get).filter(value -> value != null && value.matches("[0-9]{1,9}")).map(Integer::valueOf).findFirst();
  }

  /** Whether a launcher started this process: one of MPI, or Slurm's with more than one task in the step. */
  static boolean isStarted(Map<String, String> environment) {
    return number(RANKS, environment).isPresent() || number(List.of("SLURM_STEP_NUM_TASKS"), environment).orElse(1) > 1;
  }

  /** The number of this process among those on its machine. */
  static Optional<Integer> localRank(Map<String, String> environment) {
    return number(LOCAL_RANKS, environment);
  }

  /**
   * Refuses a world of another size than the launcher's.
   *
   * @throws IllegalStateException if the two do not understand one another
   */
  static void checkSize(int size, Map<String, String> environment) {
    number(SIZES, environment).filter(started -> started != size).ifPresent(started -> {
      throw new IllegalStateException("the launcher started " + started + " processes, and MPI sees " + size + ": they are of different families. Start with the"
          + " mpirun of the library that is used (dalle doctor names it), name the library of the launcher with -Ddalle.mpi.library=FILE, or use srun --mpi=pmix");
    });
  }
}
