package dev.dalle.precision.testing;

import dev.dalle.precision.scale.CheckedGradientOps;
import dev.dalle.precision.scale.GradientOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.testing.ReferenceDevice;

/** Brings the operations of gradient scaling to the reference device of every module's tests. */
public final class ReferenceGradientProvider implements OperationProvider {
  /** For the service loader. */
  public ReferenceGradientProvider() {}

  @Override
  public Class<?> family() {
    return GradientOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof ReferenceDevice;
  }

  @Override
  public GradientOps create(Device device) {
    return new CheckedGradientOps(device, new ReferenceGradientOps());
  }
}
