package dev.dalle.dist.mpi;

import dev.dalle.dist.Communicator;
import dev.dalle.tensor.Device;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;

/**
 * Makes a world of the processes that {@code mpirun} or {@code srun --mpi=pmix} has started together, each of which is a rank. A process can do so once.
 *
 * <p>A process that ends after {@link Communicator#close} waits until all ranks have closed theirs, no longer than the deadline. One that ends after a failure waits
 * a few seconds for the others to say what they have to say, and ends them. One that is killed is for the launcher to notice, which ends the others.
 */
public final class MpiWorld {
  private MpiWorld() {}

  /** Whether this process was started by a launcher of MPI, or by one of Slurm with others. Does not load MPI. */
  public static boolean started() {
    return Launch.isStarted(System.getenv());
  }

  /** The number of this process among those on its machine, from 0, as the launcher says: for choosing a device before the world is opened. */
  public static OptionalInt localRank() {
    return Launch.localRank(System.getenv()).map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  /**
   * Starts MPI and waits until all processes have. Started by no launcher, the world has one rank.
   *
   * @param device of this rank's tensors
   * @param deadline how long ranks wait for one another, positive
   * @throws dev.dalle.bindings.NativeLibraryException if there is no usable MPI; the message says what to do
   * @throws IllegalStateException if the launcher is of another family than the library, the library has no threads, or this process has opened a world before
   */
  public static Communicator open(Device device, Duration deadline) {
    Objects.requireNonNull(device, "device");
    if (deadline.isNegative() || deadline.isZero()) {
      throw new IllegalArgumentException("deadline: expected a positive time, got " + deadline);
    }
    Engine engine = new Engine(deadline);
    return new MpiCommunicator(engine, engine.start(), device);
  }

  /**
   * The communicator of those ranks that are on this rank's machine. All ranks call it together, and it waits for them.
   *
   * @param communicator that of {@link #open}, or one split from it
   */
  public static Communicator splitByMachine(Communicator communicator) {
    if (!(communicator instanceof MpiCommunicator own)) {
      throw new IllegalArgumentException("communicator: expected one of MpiWorld, got " + communicator.getClass().getName());
    }
    return own.split(own.machine(), 0).orElseThrow();
  }
}
