package dev.dalle.dist.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dist.CommunicationException;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.Reduction;
import dev.dalle.dist.testing.CommunicatorContract.Fault;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A thousand faults at random calls: nothing hangs, and everyone learns who is at fault. */
class FaultsTest {
  private static final int RANKS = 3;
  private static final int CALLS = 6;
  private static final int WORLDS = 1000;

  private final List<Device> devices = IntStream.range(0, RANKS).mapToObj(rank -> Device.cpu(1)).toList();

  private static void call(Communicator communicator, Scope scope, int which) {
    Tensor three = scope.zeros(DType.F32, Shape.of(3));
    switch (which) {
      case 0 -> communicator.allReduce(three, Reduction.SUM).await();
      case 1 -> communicator.allGather(three, scope.allocate(DType.F32, 3 * RANKS)).await();
      case 2 -> communicator.broadcast(three, 0).await();
      default -> communicator.reduceScatter(scope.zeros(DType.F32, Shape.of(3 * RANKS)), three, Reduction.AVERAGE).await();
    }
  }

  @Test
  void nothingEverHangs() {
    assertTimeoutPreemptively(Duration.ofMinutes(5), () -> {
      for (int world = 0; world < WORLDS; world++) {
        Random random = new Random(world);
        Optional<Fault> fault = Optional.of(random.nextInt(Fault.values().length + 1)).filter(i -> i > 0).map(i -> Fault.values()[i - 1]);
        one("world " + world + ": " + fault.map(Fault::name).orElse("ENDS"), fault, random.nextInt(RANKS), random.nextInt(CALLS), random.ints(CALLS, 0, 4).toArray());
      }
    });
  }

  /**
   * One world.
   *
   * @param fault empty if the culprit's thread ends without a word, of which the world learns at once if it has posted something
   */
  private void one(String what, Optional<Fault> fault, int culprit, int at, int[] calls) throws InterruptedException {
    boolean waits = fault.map(Fault.IS_LATE::equals).orElse(at == 0);
    Duration deadline = Duration.ofMillis(waits ? 20 : 30_000);
    ConcurrentLinkedQueue<CommunicationException> seen = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (Communicator communicator : ThreadWorld.open(devices, deadline)) {
      threads.add(Thread.ofPlatform().start(() -> {
        try (Scope scope = communicator.device().newScope()) {
          for (int i = 0; i < calls.length; i++) {
            if (i == at && communicator.rank() == culprit) {
              if (fault.isPresent()) {
                fault.get().commit(communicator, scope);
                communicator.close();
              }
              return;
            }
            call(communicator, scope, calls[i]);
          }
          communicator.close();
        } catch (CommunicationException e) {
          if (communicator.rank() != culprit) {
            seen.add(e);
          }
        } catch (IllegalStateException | InterruptedException e) {
          communicator.abort("failed: " + e);
        }
      }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(RANKS - 1, seen.size(), what);
    for (CommunicationException e : seen) {
      // With a world this impatient another rank may be late as well; a rank that posts another operation than rank 0 is one to blame, rank 0 may be the one.
      boolean named = waits || culprit == 0 && fault.map(Fault::differs).orElse(false);
      assertTrue(named ? e.culprit().isPresent() : e.culprit().equals(OptionalInt.of(culprit)), () -> what + ": " + e.getMessage());
      assertTrue(e.sequence() >= 1 && e.sequence() <= at + 1, () -> what + ": " + e.getMessage());
    }
  }
}
