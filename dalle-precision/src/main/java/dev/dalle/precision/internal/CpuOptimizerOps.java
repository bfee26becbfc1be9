package dev.dalle.precision.internal;

import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The optimizer's operations on the processor: one pass over memory each, vectors of the preferred width. Arguments are checked before. */
final class CpuOptimizerOps implements OptimizerOps {
  /** Elements below which a second thread costs more than it saves; a multiple of every vector length. */
  private static final long GRAIN = 16_384;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final CpuDevice device;

  CpuOptimizerOps(CpuDevice device) {
    this.device = device;
  }

  @Override
  public void gradientFactor(Tensor squares, double gradientScale, double threshold, Tensor normAndFactor) {
    long count = squares.elementCount();
    device.launch("gradientFactor", (team, memory) -> {
      double sum = 0;
      for (long i = 0; i < count; i++) {
        sum += memory[0].get(FLOAT, 4 * i);
      }
      // Finite in double but not in the tensor's 32 bits counts as not finite: the host must read what the device decided on.
      float norm = (float) (gradientScale * Math.sqrt(sum));
      memory[1].set(FLOAT, 0, norm);
      memory[1].set(FLOAT, 4, Float.isFinite(norm) ? (float) (gradientScale * Math.min(1, threshold / norm)) : Float.NaN);
    }, squares, normAndFactor);
  }

  @Override
  public void countUpdate(Tensor gradientFactor, Tensor updates) {
    device.launch("countUpdate", (team, memory) -> {
      if (Float.isFinite(memory[0].get(FLOAT, 0))) {
        memory[1].set(INT, 0, memory[1].get(INT, 0) + 1);
      }
    }, gradientFactor, updates);
  }

  @Override
  public void adamW(AdamWConfig config, boolean decays, double stepSize, Tensor gradientFactor, Tensor updates, Tensor gradient, Tensor value,
      Tensor mean, Tensor variance) {
    long count = gradient.elementCount();
    device.launch("adamW", (team, memory) -> {
      float factor = memory[0].get(FLOAT, 0);
      if (!Float.isFinite(factor)) {
        return;
      }
      AdamWKernel kernel = AdamWKernel.of(config, decays, stepSize, factor, memory[1].get(INT, 0));
      MemorySegment g = memory[2];
      MemorySegment p = memory[3];
      MemorySegment m = memory[4];
      MemorySegment v = memory[5];
      team.forRanges(count, GRAIN, (thread, from, to) -> kernel.run(g, p, m, v, from, to));
    }, gradientFactor, updates, gradient, value, mean, variance);
  }

  @Override
  public void average(Tensor value, double decay, Tensor average) {
    long count = value.elementCount();
    float share = (float) (1 - decay);
    device.launch("average", (team, memory) -> {
      MemorySegment p = memory[0];
      MemorySegment a = memory[1];
      team.forRanges(count, GRAIN, (thread, from, to) -> AverageKernel.run(share, p, a, from, to));
    }, value, average);
  }
}
