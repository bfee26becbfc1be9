package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.dalle.dvae.testing.AbstractDvaeOpsTest;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CpuDvaeOpsTest extends AbstractDvaeOpsTest {
  @Override
  protected Device device() {
    return TestTeam.device(3);
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() {
    float[] one = everything(1);
    for (int threads : new int[] {2, 3, 7}) {
      assertArrayEquals(one, everything(threads));
    }
  }

  private static float[] everything(int threads) {
    Device device = TestTeam.device(threads);
    DvaeOps ops = device.operations(DvaeOps.class);
    try (Scope scope = device.newScope()) {
      Tensor logits = random(scope, 37, 207);
      Tensor code = scope.allocate(DType.F32, logits.shape());
      ops.gumbelSoftmax(logits, 0.25, 3, 4, code);
      Tensor gradient = scope.allocate(DType.F32, logits.shape());
      ops.gumbelSoftmaxGradient(code, logits, 0.25, gradient);
      Tensor divergences = scope.allocate(DType.F32, 37);
      ops.uniformDivergence(logits, divergences);
      float[] all = new float[2 * 37 * 207 + 37];
      System.arraycopy(code.toFloats(), 0, all, 0, 37 * 207);
      System.arraycopy(gradient.toFloats(), 0, all, 37 * 207, 37 * 207);
      System.arraycopy(divergences.toFloats(), 0, all, 2 * 37 * 207, 37);
      return all;
    }
  }

  private static Tensor random(Scope scope, int rows, int columns) {
    float[] values = new float[rows * columns];
    Random random = new Random(5);
    for (int i = 0; i < values.length; i++) {
      values[i] = 0.1f + 0.8f * random.nextFloat();
    }
    return scope.of(values, rows, columns);
  }

  /**
   * Vectors that are boxed cost time and show only in the allocation counter: a call on 2^19 elements allocates its threads' arrays of a row or
   * a chunk, not some bytes for each of the 2^15 vectors.
   */
  @Test
  void compiledKernelsAllocateTheirScratchOnly() {
    Device device = TestTeam.device(1);
    DvaeOps ops = device.operations(DvaeOps.class);
    try (Scope scope = device.newScope()) {
      Tensor a = random(scope, 64, 8192);
      Tensor b = random(scope, 64, 8192);
      Tensor out = scope.allocate(DType.F32, 64, 8192);
      Tensor rows = scope.allocate(DType.F32, 64);
      Tensor one = scope.of(new float[] {1}, 1);
      Tensor pixels = random(scope, 1 << 16, 3);
      Tensor maps = random(scope, 1 << 16, 6);
      Tensor gradMaps = scope.allocate(DType.F32, 1 << 16, 6);
      Tensor bfloats = scope.allocate(DType.BF16, 64, 8192);
      Tensor halves = scope.allocate(DType.F16, 64, 8192);
      Map<String, Runnable> kernels = Map.of(
          "affine to BF16", () -> ops.affine(a, 2, 3, bfloats),
          "affine to F16", () -> ops.affine(a, 2, 3, halves),
          "gumbelSoftmax", () -> ops.gumbelSoftmax(a, 0.5, 1, 2, out),
          "gumbelSoftmaxGradient", () -> ops.gumbelSoftmaxGradient(a, b, 0.5, out),
          "uniformDivergence", () -> ops.uniformDivergence(a, rows),
          "uniformDivergenceGradient", () -> ops.uniformDivergenceGradient(a, one, out),
          "logitLaplace", () -> ops.logitLaplace(pixels, maps, -1, scope.allocate(DType.F32, pixels.shape())),
          "logitLaplaceGradient", () -> ops.logitLaplaceGradient(pixels, maps, -1, one, gradMaps),
          "pixels", () -> ops.pixels(maps, pixels));
      kernels.forEach(CpuDvaeOpsTest::assertLittleIsAllocated);
    }
  }

  private static void assertLittleIsAllocated(String name, Runnable kernel) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int call = 0; call < 300 && least > 100_000; call++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      kernel.run();
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertTrue(least <= 100_000, name + " allocates " + least + " bytes a call");
  }
}
