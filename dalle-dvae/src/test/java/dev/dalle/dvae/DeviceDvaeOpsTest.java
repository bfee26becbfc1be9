package dev.dalle.dvae;

import dev.dalle.dvae.testing.AbstractDvaeOpsTest;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.testing.OpaqueDevice;

/** The operations on the processor's device, behaving like a far-away accelerator, with its real team of threads. */
class DeviceDvaeOpsTest extends AbstractDvaeOpsTest {
  @Override
  protected Device device() {
    return OpaqueDevice.open(2);
  }
}
