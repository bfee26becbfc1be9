package dev.dalle.attention.testing;

import dev.dalle.attention.AttentionOps;
import dev.dalle.attention.CheckedAttentionOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.testing.ReferenceDevice;

/** Offers attention on the reference device, to the tests of this module and of those above it. */
public final class ReferenceAttentionProvider implements OperationProvider {
  /** For the service loader. */
  public ReferenceAttentionProvider() {}

  @Override
  public Class<?> family() {
    return AttentionOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof ReferenceDevice;
  }

  @Override
  public Object create(Device device) {
    return new CheckedAttentionOps(device, new ReferenceAttention());
  }
}
