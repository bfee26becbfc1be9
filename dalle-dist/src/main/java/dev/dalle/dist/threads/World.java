package dev.dalle.dist.threads;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What all communicators of one world share: its threads of communication, who is still there, and the first failure, after which nothing works any more. */
final class World {
  /**
   * Why a world is of no further use.
   *
   * @param rank of the world that is to blame
   * @param found what it did, as the end of a sentence about it
   */
  record Failure(int rank, String found) {}

  private final Duration deadline;
  private final ExecutorService[] workers;
  private final Optional<Thread>[] threads;
  private final boolean[] closed;
  private final String[] last;
  private Optional<Failure> failure = Optional.empty();
  private final List<List<HostTensors>> arrivals = new ArrayList<>();
  private int open;
  private int moving;

  @SuppressWarnings({"unchecked", "rawtypes"})
  World(int size, Duration deadline) {
    this.deadline = deadline;
    workers = new ExecutorService[size];
    threads = new Optional[size];
    closed = new boolean[size];
    last = new String[size];
    open = size;
    for (int rank = 0; rank < size; rank++) {
      String name = "communication of rank " + rank;
      workers[rank] = Executors.newSingleThreadExecutor(task -> Thread.ofPlatform().daemon().name(name).unstarted(task));
      threads[rank] = Optional.empty();
      arrivals.add(new ArrayList<>());
      last[rank] = "";
    }
  }

  Duration deadline() {
    return deadline;
  }

  int size() {
    return workers.length;
  }

  /** Has a rank's thread of communication do something. What fails there fails the world. */
  synchronized void submit(int rank, Runnable task) {
    if (failure.isEmpty() && !workers[rank].isShutdown()) {
      workers[rank].execute(() -> {
        try {
          task.run();
        } catch (RuntimeException | Error e) {
          fail(rank, "failed: " + e);
        }
      });
    }
  }

  /** Has a rank's thread of communication read and write tensors, unless the world has failed by then. */
  void submitMove(int rank, Runnable move) {
    submit(rank, () -> {
      synchronized (this) {
        if (failure.isPresent()) {
          return;
        }
        moving++;
      }
      try {
        move.run();
      } finally {
        synchronized (this) {
          moving--;
          notifyAll();
        }
      }
    });
  }

  /** Waits until nothing touches tensors any more, after a failure: they may be freed then. */
  synchronized void awaitStillness() {
    boolean interrupted = false;
    while (moving > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Remembers what is on its way from a rank's device. On the thread that posts to it. */
  void expect(int rank, HostTensors tensors) {
    arrivals.get(rank).add(tensors);
  }

  /**
   * Waits for all that is on its way from a rank's device. On the thread that posts to it: on a device that works only while this thread waits, others would wait
   * for it for ever.
   */
  void awaitArrivals(int rank) {
    arrivals.get(rank).forEach(HostTensors::awaitArrival);
    arrivals.get(rank).clear();
  }

  /** Remembers the thread that posts for a rank, and what it posted. */
  synchronized void posted(int rank, String what) {
    threads[rank] = Optional.of(Thread.currentThread());
    last[rank] = what;
  }

  /** What a rank has posted last, for messages. */
  synchronized String progress(int rank) {
    return last[rank].isEmpty() ? "it has posted nothing yet" : "the last that it posted was " + last[rank];
  }

  /** Why a rank will post nothing any more; empty if it may. */
  synchronized Optional<String> gone(int rank) {
    if (closed[rank]) {
      return Optional.of("has closed its communicator; " + progress(rank));
    }
    return threads[rank].filter(thread -> !thread.isAlive()).map(thread -> "has ended without closing its communicator; " + progress(rank));
  }

  /** The first failure stays. */
  synchronized void fail(int rank, String found) {
    if (failure.isEmpty()) {
      failure = Optional.of(new Failure(rank, found));
      for (ExecutorService worker : workers) {
        worker.shutdown();
      }
      notifyAll();
    }
  }

  synchronized Optional<Failure> failure() {
    return failure;
  }

  synchronized boolean isClosed(int rank) {
    return closed[rank];
  }

  synchronized void close(int rank) {
    if (!closed[rank]) {
      closed[rank] = true;
      open--;
      if (open == 0) {
        for (ExecutorService worker : workers) {
          worker.shutdown();
        }
      }
      notifyAll();
    }
  }
}
