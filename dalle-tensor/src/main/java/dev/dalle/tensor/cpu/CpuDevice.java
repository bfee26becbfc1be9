package dev.dalle.tensor.cpu;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.Tensor;

/** A device whose memory the processor reaches. Kernels run in the order of their launches, at once or later. */
public interface CpuDevice extends Device {
  /** Threads of the team that runs kernels. */
  int threads();

  /**
   * Posts a kernel. What it reads and writes are exactly the tensors named here.
   *
   * @param name for messages and traces, in the words of the operation
   * @param kernel runs once
   * @param tensors of this device; their memory reaches the kernel in the same order
   * @throws dev.dalle.tensor.ShapeException if a tensor is of another device
   */
  void launch(String name, CpuKernel kernel, Tensor... tensors);
}
