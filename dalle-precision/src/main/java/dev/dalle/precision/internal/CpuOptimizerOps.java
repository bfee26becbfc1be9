package dev.dalle.precision.internal;

import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.AdamWTensors;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.precision.optimizer.ShardPlace;
import dev.dalle.precision.optimizer.StochasticRounding;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Stream;

/** The optimizer's operations on the processor: one pass over memory each, vectors of the preferred width. Arguments are checked before. */
final class CpuOptimizerOps implements OptimizerOps {
  /** Elements below which a second thread costs more than it saves; a multiple of every vector length and of a tile. */
  private static final long GRAIN = 16_384;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final CpuDevice device;
  /** Of each thread; kernels of a device run one after the other. */
  private final TileScratch[] scratch;

  CpuOptimizerOps(CpuDevice device) {
    this.device = device;
    scratch = Stream.generate(TileScratch::new).limit(device.threads()).toArray(TileScratch[]::new);
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
  public void countUpdate(Tensor factors, Tensor updates, Tensor applied) {
    long given = factors.elementCount();
    long count = applied.elementCount();
    device.launch("countUpdate", (team, memory) -> {
      boolean finite = true;
      for (long i = 0; i < given; i++) {
        finite &= Float.isFinite(memory[0].get(FLOAT, 4 * i));
      }
      for (long i = 0; i < count; i++) {
        memory[2].set(FLOAT, 4 * i, finite ? memory[0].get(FLOAT, given == 1 ? 0 : 4 * i) : Float.NaN);
      }
      if (finite) {
        memory[1].set(INT, 0, memory[1].get(INT, 0) + 1);
      }
    }, factors, updates, applied);
  }

  @Override
  public void adamW(AdamWConfig config, double stepSize, Tensor factor, Tensor updates, Tensor gradient, AdamWTensors tensors) {
    long count = gradient.elementCount();
    DType momentType = tensors.mean().dtype();
    DType valueType = tensors.value().dtype();
    device.launch("adamW", (team, memory) -> {
      float scale = memory[0].get(FLOAT, 0);
      if (!Float.isFinite(scale)) {
        return;
      }
      int t = memory[1].get(INT, 0);
      AdamWKernel kernel = AdamWKernel.of(config, tensors.decays(), stepSize, scale, t, momentType, valueType, StochasticRounding.key(tensors.stream(), t));
      clearSums();
      forRuns(team, count, tensors.place(), (thread, from, to, first) -> kernel.run(memory[2], memory[3], memory[4], memory[5], memory[6], from, to, first,
          scratch[thread]));
      writeSums(memory[7]);
    }, factor, updates, gradient, tensors.value(), tensors.master().orElse(tensors.value()), tensors.mean(), tensors.variance(), tensors.report());
  }

  @Override
  public void countMoments(Tensor mean, Tensor variance, ShardPlace place, Tensor report) {
    long count = mean.elementCount();
    boolean codes = mean.dtype() == DType.U16;
    device.launch("countMoments", (team, memory) -> {
      clearSums();
      forRuns(team, count, place, (thread, from, to, first) -> {
        for (long at = from; at < to; at += AdamWKernel.TILE) {
          MomentSums.add(memory[0], memory[1], codes, at, (int) Math.min(AdamWKernel.TILE, to - at), first, scratch[thread].report);
        }
      });
      writeSums(memory[2]);
    }, mean, variance, report);
  }

  /** A piece of a run. */
  @FunctionalInterface
  private interface RunBody {
    /**
     * Works on elements of a shard.
     *
     * @param first what is added to an element's index in the shard to get that in the whole parameter
     */
    void run(int thread, long from, long to, long first);
  }

  /** Splits a shard over the team, and each range where a run of the whole parameter ends. */
  private static void forRuns(CpuTeam team, long count, ShardPlace place, RunBody body) {
    team.forRanges(count, GRAIN, (thread, from, to) -> {
      for (long at = from; at < to; ) {
        long end = place.run() >= to ? to : Math.min(to, (at / place.run() + 1) * place.run());
        body.run(thread, at, end, place.index(at) - at);
        at = end;
      }
    });
  }

  private void clearSums() {
    for (TileScratch own : scratch) {
      Arrays.fill(own.report, 0);
    }
  }

  private void writeSums(MemorySegment report) {
    for (int i = 0; i < 4; i++) {
      int sum = 0;
      for (TileScratch own : scratch) {
        sum += own.report[i];
      }
      report.set(INT, 4L * i, sum);
    }
  }

  @Override
  public void average(Tensor value, double decay, Tensor average) {
    long count = value.elementCount();
    float share = (float) (1 - decay);
    DType type = value.dtype();
    device.launch("average", (team, memory) -> {
      MemorySegment p = memory[0];
      MemorySegment a = memory[1];
      team.forRanges(count, GRAIN, (thread, from, to) -> AverageKernel.run(share, p, type, a, from, to));
    }, value, average);
  }
}
