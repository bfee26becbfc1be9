package dev.dalle.dist.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dist.CommunicationException;
import dev.dalle.dist.Communicator;
import dev.dalle.dist.testing.CommunicatorContract;
import dev.dalle.tensor.Device;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ThreadWorldTest extends CommunicatorContract {
  @Override
  protected void run(int size, Duration deadline, ThreadWorld.Body body) throws Exception {
    ThreadWorld.run(size, rank -> Device.cpu(1), deadline, body);
  }

  @Test
  void aThreadThatEndsIsMissed() throws Exception {
    List<Communicator> ranks = ThreadWorld.open(List.of(Device.cpu(1), Device.cpu(1)), Duration.ofSeconds(20));
    Thread thread = Thread.ofPlatform().start(() -> ranks.get(1).barrier().await());
    ranks.get(0).barrier().await();
    thread.join();
    CommunicationException e = assertThrows(CommunicationException.class, () -> ranks.get(0).barrier().await());
    assertTrue(e.getMessage().startsWith("world, rank 0: barrier (number 2): rank 1 has ended without closing its communicator; the last that it posted was "
        + "barrier (number 1 of world)"), e.getMessage());
  }

  @Test
  void aSplitIsNoBarrier() {
    CommunicationException e = assertThrows(CommunicationException.class, () -> run(2, Duration.ofSeconds(20), communicator -> {
      if (communicator.rank() == 0) {
        communicator.split(0, 0);
      } else {
        communicator.barrier().await();
      }
    }));
    assertEquals(1, e.culprit().orElseThrow());
    assertTrue(e.getMessage().endsWith(" posted barrier where rank 0 posted split"), e.getMessage());
  }

  @Test
  void whatIsClosedTakesNothing() {
    Communicator alone = ThreadWorld.alone(Device.cpu(1));
    alone.barrier().await();
    alone.close();
    assertEquals("world, rank 0: barrier: expected a communicator that is open, but this rank has closed it",
        assertThrows(IllegalStateException.class, alone::barrier).getMessage());
  }

  @Test
  void aDeviceIsPostedToByOneRank() {
    Device device = Device.cpu(1);
    assertEquals("devices: expected one for each rank, because one thread at a time posts to a device; got one of them twice",
        assertThrows(IllegalArgumentException.class, () -> ThreadWorld.open(List.of(device, device), Duration.ofSeconds(1))).getMessage());
    assertThrows(IllegalArgumentException.class, () -> ThreadWorld.open(List.of(), Duration.ofSeconds(1)));
    assertThrows(IllegalArgumentException.class, () -> ThreadWorld.open(List.of(device), Duration.ZERO));
  }
}
