package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionOps;
import dev.dalle.attention.CheckedAttentionOps;
import dev.dalle.tensor.cpu.CpuDevice;

/** The processor's two kernels one by one, which a device otherwise chooses from. */
public final class Kernels {
  private Kernels() {}

  /** Vector kernels for everything. */
  public static AttentionOps vectors(CpuDevice device) {
    return new CheckedAttentionOps(device, new CpuAttention(device, Integer.MAX_VALUE));
  }

  /** Steps for all BF16, where the processor computes it. */
  public static AttentionOps steps(CpuDevice device) {
    return new CheckedAttentionOps(device, new CpuAttention(device, 0));
  }
}
