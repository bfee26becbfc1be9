package dev.dalle.dist.mpi;

import dev.dalle.dist.CommunicationException;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Reduction;
import dev.dalle.dist.testing.CommunicatorContract.Fault;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import java.time.Duration;

/** A rank of a world in which the last rank lets the others down; each prints what it learns of it. */
public final class FaultRank {
  private FaultRank() {}

  /** The fault, or {@code WAITS} for one that comes from outside, or {@code SPLITS} for one that ranks of another part learn of. */
  public static void main(String[] args) throws InterruptedException {
    boolean impatient = args[0].equals("IS_LATE") || args[0].equals("STOPS");
    Communicator world = MpiWorld.open(Device.cpu(1), Duration.ofMillis(impatient ? 1500 : 60_000));
    try (world; Scope scope = world.device().newScope()) {
      boolean culprit = world.rank() == world.size() - 1;
      world.barrier().await();
      if (args[0].equals("SPLITS")) {
        splits(world, culprit);
      } else if (args[0].equals("WAITS") || args[0].equals("STOPS")) {
        System.out.println("ready " + ProcessHandle.current().pid() + " " + world.rank());
        // Many, so that it comes in the midst of them.
        while (true) {
          try (Scope step = world.device().newScope()) {
            world.allReduce(step.zeros(DType.F32, Shape.of(100_000)), Reduction.SUM).await();
          }
        }
      } else if (culprit) {
        Fault.valueOf(args[0]).commit(world, scope);
      } else {
        world.allReduce(scope.of(new float[3], 3), Reduction.SUM).await();
      }
    } catch (CommunicationException e) {
      System.out.println("seen|" + e.rank() + "|" + e.culprit().orElse(-1) + "|" + e.sequence() + "|" + e.getMessage() + "|");
      try {
        world.barrier();
        throw new AssertionError("expected the world to be of no further use");
      } catch (CommunicationException again) {
        System.exit(1);
      }
    } catch (IllegalStateException e) {
      world.abort("failed: " + e);
      System.exit(1);
    }
  }

  private static void splits(Communicator world, boolean culprit) {
    Communicator part = world.split(culprit ? 0 : 1, 0).orElseThrow();
    if (culprit) {
      world.abort("aborted: no disk");
      return;
    }
    // Those alone could go on for a while.
    while (true) {
      part.barrier().await();
    }
  }
}
