package dev.dalle.tensor;

/** The contract on the processor, two threads. */
class CpuOpsTest extends OpsContractTest {
  @Override
  Device device() {
    return Device.cpu(2);
  }
}
