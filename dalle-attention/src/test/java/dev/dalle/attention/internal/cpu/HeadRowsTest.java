package dev.dalle.attention.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class HeadRowsTest {
  /** Each case once in whole vectors and once in the tail. */
  private static final int DEPTH = 37;

  @Test
  void bfloatsRoundToNearestEven() {
    float[] from = {1, 1.00390625f, 1.01171875f, Math.nextUp(1.00390625f), -1.00390625f, Float.NaN, Float.intBitsToFloat(0x7FFFFFFF), Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY, Float.MAX_VALUE, 0, -0f, Float.MIN_VALUE, 3.1415927f};
    int[] expected = {0x3F80, 0x3F80, 0x3F82, 0x3F81, 0xBF80, 0x7FC0, 0x7FC0, 0x7F80, 0xFF80, 0x7F80, 0, 0x8000, 0, 0x4049};
    int width = HeadRows.padded(DEPTH);
    for (int shift = 0; shift + from.length <= DEPTH; shift++) {
      float[] row = new float[width];
      System.arraycopy(from, 0, row, shift, from.length);
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment to = arena.allocate(2L * DEPTH, 64);
        HeadRows.store(row, 1, new int[] {0}, DEPTH, to, DType.BF16, 0, 0);
        for (int i = 0; i < from.length; i++) {
          assertEquals(expected[i], to.getAtIndex(ValueLayout.JAVA_SHORT, shift + i) & 0xFFFF, "of " + from[i] + " at " + (shift + i));
        }
      }
    }
  }

  /** All codes of F16; and floats at, beside and halfway between the numbers that they stand for. */
  @Test
  void halvesAreConvertedAsTheLanguageDoes() {
    int depth = 13 * 59;
    float[] row = new float[HeadRows.padded(depth)];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(2L * depth, 64);
      for (int first = 0; first < 1 << 16; first += depth) {
        for (int i = 0; i < depth; i++) {
          memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (first + i));
        }
        HeadRows.loadHalves(memory, 0, depth, 1, row, 0, row.length);
        float[] read = row.clone();
        for (int i = 0; i < depth; i++) {
          float expected = Float.float16ToFloat((short) (first + i));
          assertTrue(Float.compare(expected, read[i]) == 0, "of code " + (first + i) + ": " + read[i]);
        }
        for (int side = -1; side <= 1; side++) {
          for (float share : new float[] {1, 1.5f}) {
            for (int i = 0; i < depth; i++) {
              // Half a step further: all codes but those at the ends of an exponent's range have one above them at that distance.
              float step = Math.max(0x1p-24f, Math.ulp(read[i]) * 0x1p13f) * (share - 1);
              float moved = read[i] + Math.copySign(step, read[i]);
              row[i] = side < 0 ? Math.nextDown(moved) : side > 0 ? Math.nextUp(moved) : moved;
            }
            HeadRows.storeHalves(row, 0, depth, 1, memory, 0);
            for (int i = 0; i < depth; i++) {
              float expected = Float.float16ToFloat(Float.floatToFloat16(row[i]));
              float found = Float.float16ToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, i));
              assertTrue(Float.compare(expected, found) == 0, "of " + row[i] + ": " + found + ", expected " + expected);
            }
          }
        }
      }
    }
  }

  @Test
  void rowsGoThereAndBack() {
    int[] stateOfSlot = {2, -1, 0, 1};
    for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      for (int depth : new int[] {1, 7, 16, 33, 64}) {
        try (Arena arena = Arena.ofConfined()) {
          int stride = depth + 3;
          MemorySegment from = arena.allocate((long) type.byteSize() * (5 + 3 * stride), 64);
          MemorySegment to = arena.allocate(from.byteSize(), 64);
          for (int i = 0; i < 5 + 3 * stride; i++) {
            // Whole numbers up to 255 are exact in all types.
            switch (type) {
              case F32 -> from.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
              case BF16 -> from.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToIntBits(i) >>> 16));
              default -> from.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(i));
            }
          }
          int width = HeadRows.padded(depth);
          float[] rows = new float[4 * width];
          java.util.Arrays.fill(rows, 7);
          HeadRows.load(from, type, 5, stride, stateOfSlot, depth, 2, rows);
          for (int slot = 0; slot < 4; slot++) {
            for (int d = 0; d < width; d++) {
              float expected = stateOfSlot[slot] < 0 || d >= depth ? 0 : 2 * (5 + stateOfSlot[slot] * stride + d);
              assertEquals(expected, rows[slot * width + d], type + " slot " + slot + " number " + d + " of " + depth);
            }
          }
          HeadRows.store(rows, 0.5f, stateOfSlot, depth, to, type, 5, stride);
          for (int state = 0; state < 3; state++) {
            long at = (long) type.byteSize() * (5 + state * stride);
            long end = at + (long) type.byteSize() * depth;
            assertArrayEquals(from.asSlice(at, end - at).toArray(ValueLayout.JAVA_BYTE), to.asSlice(at, end - at).toArray(ValueLayout.JAVA_BYTE));
          }
          assertTrue(to.get(ValueLayout.JAVA_BYTE, 0) == 0, "nothing before the first row is touched");
        }
      }
    }
  }
}
