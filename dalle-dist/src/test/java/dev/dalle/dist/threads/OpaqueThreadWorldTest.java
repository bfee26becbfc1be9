package dev.dalle.dist.threads;

import dev.dalle.dist.testing.CommunicatorContract;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.time.Duration;

/** The same on devices whose memory the host cannot reach and that work only while somebody waits. */
class OpaqueThreadWorldTest extends CommunicatorContract {
  @Override
  protected void run(int size, Duration deadline, ThreadWorld.Body body) throws Exception {
    ThreadWorld.run(size, rank -> OpaqueDevice.open(1), deadline, body);
  }
}
