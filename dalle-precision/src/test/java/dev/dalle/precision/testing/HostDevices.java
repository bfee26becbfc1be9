package dev.dalle.precision.testing;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import dev.dalle.tensor.cpu.CpuTeam;
import dev.dalle.tensor.internal.cpu.HostDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A processor for tests of kernels: real memory, a thread a range, and of the general operations only those that optimizers post. */
public final class HostDevices {
  private HostDevices() {}

  /** With so many threads. */
  public static HostDevice of(int threads) {
    return new HostDevice("host" + threads, new Team(threads), DType::isFloating, HostDevices::fewOps);
  }

  private record Team(int threads) implements CpuTeam {
    @Override
    public void forRanges(long count, long grain, RangeBody body) {
      long grains = (count + grain - 1) / grain;
      long parts = Math.max(1, Math.min(threads, grains));
      List<CompletableFuture<Void>> running = new ArrayList<>();
      for (int i = 0; i < parts; i++) {
        int thread = i;
        long from = Math.min(count, grains * i / parts * grain);
        long to = Math.min(count, grains * (i + 1) / parts * grain);
        running.add(CompletableFuture.runAsync(() -> body.run(thread, from, to)));
      }
      running.forEach(CompletableFuture::join);
    }
  }

  /** Operations that are not here fail, so a test cannot rely on them by accident. */
  private static Ops fewOps(CpuDevice device) {
    return (Ops) Proxy.newProxyInstance(Ops.class.getClassLoader(), new Class<?>[] {Ops.class}, (proxy, method, arguments) -> {
      switch (method.getName()) {
        case "fill" -> fill(device, (Tensor) arguments[0], (double) arguments[1]);
        case "copy" -> device.launch("copy", (team, memory) -> memory[1].copyFrom(memory[0]), (Tensor) arguments[0], (Tensor) arguments[1]);
        case "sumOfSquares" -> sumOfSquares(device, (Tensor) arguments[0], (Tensor) arguments[1]);
        default -> throw new UnsupportedOperationException(method.getName());
      }
      return null;
    });
  }

  private static void fill(CpuDevice device, Tensor out, double value) {
    device.launch("fill", (team, memory) -> {
      for (long i = 0; i < out.elementCount(); i++) {
        if (out.dtype() == DType.I32) {
          memory[0].set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, (int) value);
        } else {
          memory[0].set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i, (float) value);
        }
      }
    }, out);
  }

  private static void sumOfSquares(CpuDevice device, Tensor in, Tensor out) {
    device.launch("sumOfSquares", (team, memory) -> {
      MemorySegment x = memory[0];
      double sum = 0;
      for (long i = 0; i < in.elementCount(); i++) {
        double value = x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * i);
        sum += value * value;
      }
      memory[1].set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, (float) sum);
    }, in, out);
  }
}
