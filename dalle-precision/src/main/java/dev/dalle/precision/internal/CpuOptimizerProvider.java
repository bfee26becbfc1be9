package dev.dalle.precision.internal;

import dev.dalle.precision.optimizer.CheckedOptimizerOps;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.cpu.CpuDevice;

/** Brings the optimizer's operations to every device that runs kernels on the processor. */
public final class CpuOptimizerProvider implements OperationProvider {
  /** For the service loader. */
  public CpuOptimizerProvider() {}

  @Override
  public Class<?> family() {
    return OptimizerOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof CpuDevice;
  }

  @Override
  public OptimizerOps create(Device device) {
    return new CheckedOptimizerOps(device, new CpuOptimizerOps((CpuDevice) device));
  }
}
