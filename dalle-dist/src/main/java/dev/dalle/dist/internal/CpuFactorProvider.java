package dev.dalle.dist.internal;

import dev.dalle.dist.powersgd.CheckedFactorOps;
import dev.dalle.dist.powersgd.FactorOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.cpu.CpuDevice;

/** Brings the operations of thin matrices to every device that runs kernels on the processor. */
public final class CpuFactorProvider implements OperationProvider {
  /** For the service loader. */
  public CpuFactorProvider() {}

  @Override
  public Class<?> family() {
    return FactorOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof CpuDevice;
  }

  @Override
  public FactorOps create(Device device) {
    return new CheckedFactorOps(device, new CpuFactorOps((CpuDevice) device));
  }
}
