package dev.dalle.tensor;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The contract on the processor, two threads. */
class CpuOpsTest extends OpsContractTest {
  @Override
  Device device() {
    return Device.cpu(2);
  }

  @Test
  void computesInHalfPrecisionWhateverTheProcessor() {
    Device device = device();
    assertTrue(device.computesIn(DType.F32) && device.computesIn(DType.F16));
    assertFalse(device.computesIn(DType.I32));
    assertTrue(device.isHost());
  }
}
