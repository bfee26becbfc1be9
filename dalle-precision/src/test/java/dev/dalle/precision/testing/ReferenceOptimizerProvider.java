package dev.dalle.precision.testing;

import dev.dalle.precision.optimizer.CheckedOptimizerOps;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.testing.ReferenceDevice;

/** Brings the optimizer's operations, in double, to the reference device of every module's tests. */
public final class ReferenceOptimizerProvider implements OperationProvider {
  /** For the service loader. */
  public ReferenceOptimizerProvider() {}

  @Override
  public Class<?> family() {
    return OptimizerOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof ReferenceDevice;
  }

  @Override
  public OptimizerOps create(Device device) {
    return new CheckedOptimizerOps(device, new ReferenceOptimizerOps());
  }
}
