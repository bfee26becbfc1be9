package dev.dalle.precision.testing;

import dev.dalle.precision.format.CheckedFormatOps;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.testing.ReferenceDevice;

/** Brings packing and unpacking by definition to the reference device of every module's tests. */
public final class ReferenceFormatProvider implements OperationProvider {
  /** For the service loader. */
  public ReferenceFormatProvider() {}

  @Override
  public Class<?> family() {
    return FormatOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof ReferenceDevice;
  }

  @Override
  public FormatOps create(Device device) {
    return new CheckedFormatOps(device, new ReferenceFormatOps());
  }
}
