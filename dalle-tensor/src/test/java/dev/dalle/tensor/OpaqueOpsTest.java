package dev.dalle.tensor;

import dev.dalle.tensor.testing.OpaqueDevice;

/** The contract on a device that delays everything. */
class OpaqueOpsTest extends OpsContractTest {
  @Override
  Device device() {
    return OpaqueDevice.open(2);
  }
}
