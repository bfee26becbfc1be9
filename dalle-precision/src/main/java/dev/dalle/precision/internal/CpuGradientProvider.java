package dev.dalle.precision.internal;

import dev.dalle.precision.scale.CheckedGradientOps;
import dev.dalle.precision.scale.GradientOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.cpu.CpuDevice;

/** Brings the operations of gradient scaling to every device that runs kernels on the processor. */
public final class CpuGradientProvider implements OperationProvider {
  /** For the service loader. */
  public CpuGradientProvider() {}

  @Override
  public Class<?> family() {
    return GradientOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof CpuDevice;
  }

  @Override
  public GradientOps create(Device device) {
    return new CheckedGradientOps(device, new CpuGradientOps((CpuDevice) device));
  }
}
