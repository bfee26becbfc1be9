package dev.dalle.tensor.cpu;

import java.lang.foreign.MemorySegment;

/** What a launch runs. */
@FunctionalInterface
public interface CpuKernel {
  /**
   * Computes. Must not keep a segment after it returns, block, or wait for the device.
   *
   * @param team the threads to spread work over
   * @param memory the bytes of each tensor of the launch, little-endian, in the same order; tensors that start a pool entry are
   *     64-byte aligned, slices have the alignment of their element type
   */
  void run(CpuTeam team, MemorySegment[] memory);
}
