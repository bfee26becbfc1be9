package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
class GradientAllocationTest {
  private static final int COUNT = 3 * GradientTile.LENGTH + 5;

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void compiledKernelsAllocateNothing(DType type) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    GradientTile tile = new GradientTile();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment gradient = arena.allocate(4L * COUNT, 64);
      MemorySegment other = arena.allocate(4L * COUNT, 64);
      long allocated = Long.MAX_VALUE;
      // The compiler works in the background: give it rounds until it is done, and fail if it never is.
      for (int round = 0; round < 100 && allocated > 0; round++) {
        long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
        for (int i = 0; i < 200; i++) {
          tile.scale(gradient, DType.F32, 3, 0, other, type, 0, COUNT);
          tile.scale(other, type, 3, 0, gradient, DType.F32, 0, COUNT);
          tile.exponents(other, type, 0, COUNT);
        }
        allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
      }
      assertEquals(0, allocated, "bytes in 200 passes after warming up");
    }
  }
}
