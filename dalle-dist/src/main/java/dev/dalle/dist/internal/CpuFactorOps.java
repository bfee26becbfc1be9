package dev.dalle.dist.internal;

import dev.dalle.dist.powersgd.FactorOps;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;

/** The operations of thin matrices on the processor. Arguments are checked before. */
final class CpuFactorOps implements FactorOps {
  private final CpuDevice device;

  CpuFactorOps(CpuDevice device) {
    this.device = device;
  }

  @Override
  public void orthonormalise(Tensor matrix, double epsilon) {
    int rows = Math.toIntExact(matrix.dim(0));
    int columns = Math.toIntExact(matrix.dim(1));
    device.launch("orthonormalise", (team, memory) -> new Householder(rows, columns).orthonormalise(team, memory[0], (float) epsilon), matrix);
  }
}
