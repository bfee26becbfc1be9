package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.precision.format.Rounding;
import dev.dalle.precision.format.Specials;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
class CodeAllocationTest {
  private static final int COUNT = 5_003;
  private static final DType[] TYPES = {DType.F32, DType.F16, DType.BF16};

  private final CodeTiles tiles = new CodeTiles();
  private final MemorySegment floats = Arena.ofAuto().allocate(4L * COUNT, 64);
  private final MemorySegment codes = Arena.ofAuto().allocate(4L * COUNT, 64);

  static List<FloatFormat> formats() {
    return List.of(FloatFormat.F1_6_9, FloatFormat.F0_6_10, FloatFormat.FP16, FloatFormat.BF16, FloatFormat.E4M3, FloatFormat.E5M2,
        new FloatFormat("ties away", true, 5, 8, 15, Specials.IEEE, false, Rounding.NEAREST_AWAY),
        new FloatFormat("below", true, 6, 8, 140, Specials.IEEE, false, Rounding.NEAREST_EVEN));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void compiledLoopsAllocateNothing(FloatFormat format) {
    CodeNumbers numbers = CodeNumbers.of(format);
    DType codeType = FormatOps.codeType(format);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = Long.MAX_VALUE;
    // The compiler works in the background: give it rounds until it is done, and fail if it never is.
    for (int round = 0; round < 60 && allocated > 0; round++) {
      long before = threads.getThreadAllocatedBytes(Thread.currentThread().threadId());
      for (int i = 0; i < 500; i++) {
        for (DType dtype : TYPES) {
          tiles.encode(numbers, floats, dtype, codes, codeType, i & 7, COUNT);
          tiles.decode(numbers, codes, codeType, floats, dtype, i & 7, COUNT);
        }
      }
      allocated = threads.getThreadAllocatedBytes(Thread.currentThread().threadId()) - before;
    }
    assertTrue(allocated == 0, allocated + " bytes in 500 passes after warming up");
  }
}
