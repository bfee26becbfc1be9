package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionOps;
import dev.dalle.attention.CheckedAttentionOps;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.OperationProvider;
import dev.dalle.tensor.cpu.CpuDevice;

/** Offers attention on every device whose memory the processor reaches. */
public final class CpuAttentionProvider implements OperationProvider {
  /** For the service loader. */
  public CpuAttentionProvider() {}

  @Override
  public Class<?> family() {
    return AttentionOps.class;
  }

  @Override
  public boolean supports(Device device) {
    return device instanceof CpuDevice;
  }

  @Override
  public Object create(Device device) {
    return new CheckedAttentionOps(device, new CpuAttention((CpuDevice) device));
  }
}
