package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.testing.Kept;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
class AdamWAllocationTest {
  /** Whole tiles, a part of one, and what is left of a vector. */
  private static final int COUNT = 2 * AdamWKernel.TILE + 207;

  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void compiledUpdatesAllocateNothing(Kept kept) {
    AdamWKernel kernel = AdamWKernel.of(kept.in(AdamWConfig.TRANSFORMER), true, 1e-3, 1, 5, kept.moments() == Moments.F32 ? DType.F32 : DType.U16,
        kept.valueType(), 3);
    TileScratch scratch = new TileScratch();
    MemorySegment g = memory();
    MemorySegment p = memory();
    MemorySegment master = memory();
    MemorySegment m = memory();
    MemorySegment v = memory();
    check(() -> kernel.run(g, p, kept.copied() ? master : p, m, v, 0, COUNT, 0, scratch));
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void compiledAveragesAllocateNothing(DType type) {
    MemorySegment value = memory();
    MemorySegment average = memory();
    check(() -> AverageKernel.run(0.01f, value, type, average, 0, COUNT));
  }

  private static MemorySegment memory() {
    return Arena.ofAuto().allocate(4L * COUNT, 64);
  }

  private static void check(Runnable body) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = Long.MAX_VALUE;
    // The compiler works in the background: give it rounds until it is done, and fail if it never is.
    for (int round = 0; round < 100 && allocated > 0; round++) {
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      for (int i = 0; i < 500; i++) {
        body.run();
      }
      allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
    }
    assertTrue(allocated == 0, allocated + " bytes in 500 passes after warming up");
  }
}
