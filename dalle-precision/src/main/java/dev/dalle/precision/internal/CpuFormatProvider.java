package dev.dalle.precision.internal;

import dev.dalle.precision.format.CheckedFormatOps;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.cpu.CpuDevice;

/** Brings packing and unpacking to every device that runs kernels on the processor. */
public final class CpuFormatProvider implements OperationProvider {
  /** For the service loader. */
  public CpuFormatProvider() {}

  @Override
  public Class<?> family() {
    return FormatOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof CpuDevice;
  }

  @Override
  public FormatOps create(Device device) {
    return new CheckedFormatOps(device, new CpuFormatOps((CpuDevice) device));
  }
}
