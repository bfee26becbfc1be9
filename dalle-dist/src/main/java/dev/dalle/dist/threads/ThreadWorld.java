package dev.dalle.dist.threads;

import dev.dalle.dist.Communicator;
import dev.dalle.tensor.Device;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.function.IntFunction;

/**
 * Makes a world of ranks that are threads of this process. Memory that the host reaches is not copied on the way: the thread of communication that each rank has
 * works on a share of every operation, beside the threads that compute.
 */
public final class ThreadWorld {
  private ThreadWorld() {}

  /** What a rank does. */
  @FunctionalInterface
  public interface Body {
    /** Runs on the rank's own thread, with its communicator, which is closed afterwards. */
    void run(Communicator communicator) throws Exception;
  }

  /**
   * A communicator for each of some threads that the caller has.
   *
   * @param devices one a rank; only a world of one rank may share its device with others
   * @param deadline how long ranks wait for one another, positive
   * @return one for each rank, in order; each is used by one thread
   */
  public static List<Communicator> open(List<Device> devices, Duration deadline) {
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("devices: expected one for each rank, got none");
    }
    if (devices.stream().distinct().count() != devices.size()) {
      throw new IllegalArgumentException("devices: expected one for each rank, because one thread at a time posts to a device; got one of them twice");
    }
    if (deadline.isNegative() || deadline.isZero()) {
      throw new IllegalArgumentException("deadline: expected a positive time, got " + deadline);
    }
    World world = new World(devices.size(), deadline);
    Hub hub = Hub.ofWorld(world);
    List<Communicator> communicators = new ArrayList<>();
    for (int rank = 0; rank < devices.size(); rank++) {
      communicators.add(new ThreadCommunicator(hub, rank, devices.get(rank)));
    }
    return communicators;
  }

  /** A world of one rank, which waits for nobody. */
  public static Communicator alone(Device device) {
    return open(List.of(device), Duration.ofMinutes(1)).getFirst();
  }

  /**
   * Runs a body on every rank, each in a thread of its own, and waits for all of them. A rank that fails tells the others, which then fail too.
   *
   * @param size number of ranks, at least 1
   * @param device gives each rank its device
   * @param deadline how long ranks wait for one another, positive
   * @throws RuntimeException the failure of the rank that failed first, with those of the others suppressed in it
   * @throws InterruptedException if interrupted while waiting; the ranks are told to end then
   */
  public static void run(int size, IntFunction<Device> device, Duration deadline, Body body) throws InterruptedException {
    Objects.requireNonNull(body, "body");
    List<Device> devices = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      devices.add(device.apply(rank));
    }
    List<Communicator> communicators = open(devices, deadline);
    List<Throwable> failures = new ArrayList<>();
    CountDownLatch ended = new CountDownLatch(size);
    for (Communicator communicator : communicators) {
      Thread.ofPlatform().daemon().name("rank " + communicator.rank()).start(() -> {
        try (communicator) {
          body.run(communicator);
        } catch (Throwable e) {
          synchronized (failures) {
            failures.add(e);
          }
          communicator.abort("failed: " + e);
        } finally {
          ended.countDown();
        }
      });
    }
    try {
      ended.await();
    } catch (InterruptedException e) {
      communicators.getFirst().abort("was interrupted");
      throw e;
    }
    rethrow(failures);
  }

  private static void rethrow(List<Throwable> failures) {
    if (failures.isEmpty()) {
      return;
    }
    Throwable first = failures.getFirst();
    failures.subList(1, failures.size()).forEach(first::addSuppressed);
    switch (first) {
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      default -> throw new IllegalStateException("a rank failed: " + first, first);
    }
  }
}
