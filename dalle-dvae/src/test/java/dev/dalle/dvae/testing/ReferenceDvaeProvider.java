package dev.dalle.dvae.testing;

import dev.dalle.dvae.CheckedDvaeOps;
import dev.dalle.dvae.DvaeOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.testing.ReferenceDevice;

/** Brings {@link DvaeOps} to the reference device, as a service of the test archive. */
public final class ReferenceDvaeProvider implements OperationProvider {
  @Override
  public Class<?> family() {
    return DvaeOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof ReferenceDevice;
  }

  @Override
  public Object create(Device device) {
    return new CheckedDvaeOps(device, new ReferenceDvaeOps());
  }
}
