package dev.dalle.dvae.internal.cpu;

import dev.dalle.dvae.CheckedDvaeOps;
import dev.dalle.dvae.DvaeOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.cpu.CpuDevice;

/** Brings {@link DvaeOps} to every {@link CpuDevice}. */
public final class CpuDvaeProvider implements OperationProvider {
  @Override
  public Class<?> family() {
    return DvaeOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof CpuDevice;
  }

  @Override
  public Object create(Device device) {
    return new CheckedDvaeOps(device, new CpuDvaeOps((CpuDevice) device));
  }
}
