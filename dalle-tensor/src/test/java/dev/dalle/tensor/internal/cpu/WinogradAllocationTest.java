package dev.dalle.tensor.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
class WinogradAllocationTest {
  private static final int INPUTS = 144;
  private static final int TILES = 8;
  private static final int PANEL = WinogradKernels.PANEL;

  @Test
  void compiledKernelsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int vStep = TILES * INPUTS + 16;
    int mStep = TILES * PANEL + 16;
    float[] v = new float[16 * vStep];
    float[] m = new float[16 * mStep];
    float[] kernels = new float[9 * PANEL];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment image = arena.allocate(4L * 16 * INPUTS, 64);
      MemorySegment bias = arena.allocate(4L * PANEL, 64);
      MemorySegment u = arena.allocate(4L * 16 * INPUTS * PANEL, 64);
      MemorySegment result = arena.allocate(4L * 4 * PANEL, 64);
      long allocated = Long.MAX_VALUE;
      // The compiler works in the background: give it rounds until it is done, and fail if it never is.
      for (int round = 0; round < 60 && allocated > 0; round++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int i = 0; i < 200; i++) {
          for (int t = 0; t < TILES; t++) {
            WinogradKernels.transformInput(image, 0, 16L * INPUTS, 4L * INPUTS, INPUTS, v, t * INPUTS, vStep);
          }
          for (int k = 0; k < 16; k++) {
            WinogradKernels.transformWeights(kernels, 0, u, 4L * PANEL * k, 4L * PANEL * INPUTS);
            WinogradKernels.multiply(v, k * vStep, INPUTS, TILES, u, 4L * PANEL * INPUTS * k, m, k * mStep);
          }
          for (int t = 0; t < TILES; t++) {
            WinogradKernels.transformOutput(m, t * PANEL, mStep, bias, 0, result, 0, 8L * PANEL, 4L * PANEL);
          }
        }
        allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
      }
      assertTrue(allocated == 0, allocated + " bytes in 200 passes after warming up");
    }
  }
}
