package dev.dalle.tensor.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Conversions of runs of F16 in vectors and in what is left over. The contract test has all numbers. */
class HalfTest {
  @Test
  void runsOfAnyLengthBeginAndEndWhereTheyShould() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(2 * 100, 64);
      for (int length = 0; length < 70; length++) {
        memory.fill((byte) 0x55);
        float[] values = new float[length];
        float[] sums = new float[length];
        for (int i = 0; i < length; i++) {
          values[i] = i - 30.25f;
          sums[i] = 1;
        }
        Half.store(values, memory, 6, length);
        assertEquals(0x5555, memory.get(ValueLayout.JAVA_SHORT, 4));
        assertEquals(0x5555, memory.get(ValueLayout.JAVA_SHORT, 6 + 2 * length));
        float[] read = new float[length];
        Half.load(memory, 6, read, length);
        Half.add(memory, 6, sums, length);
        for (int i = 0; i < length; i++) {
          assertEquals(values[i], read[i]);
          assertEquals(values[i] + 1, sums[i]);
        }
      }
    }
  }

  @Test
  void everyNaNBecomesTheSame() {
    float[] values = new float[37];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(0x7F800001 + 7919 * i | i << 31);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(2 * values.length, 64);
      Half.store(values, memory, 0, values.length);
      for (int i = 0; i < values.length; i++) {
        assertEquals(0x7E00, memory.getAtIndex(ValueLayout.JAVA_SHORT, i));
      }
    }
  }

  /** Vectors that the compiler fails to keep in registers become objects: nothing but the allocation counter shows it. */
  @Test
  void compiledLoopsAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    float[] values = new float[1000];
    float[] sums = new float[1000];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(2 * 1000, 64);
      long allocated = Long.MAX_VALUE;
      // The compiler works in the background: give it rounds until it is done, and fail if it never is.
      for (int round = 0; round < 100 && allocated > 0; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 500; i++) {
          Half.store(values, memory, 0, 1000);
          Half.load(memory, 0, values, 1000);
          Half.add(memory, 0, sums, 1000);
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - before;
      }
      assertTrue(allocated == 0, allocated + " bytes in 500 passes after warming up");
    }
  }
}
