package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Moves runs of elements between memory of any floating type and {@code float[]}. Kernels compute on arrays that stay in the first-level
 * cache: the compiler vectorises plain loops over arrays, but not over several segments, and each kernel is written once for all types.
 */
final class Tiles {
  /** Elements of a tile: three of them fit into a first-level cache. */
  static final int LENGTH = 2048;

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

  private Tiles() {}

  /** Reads {@code count} elements from element {@code first} on. */
  static void load(MemorySegment from, DType dtype, long first, float[] to, int count) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(from, ValueLayout.JAVA_FLOAT_UNALIGNED, first * 4, to, 0, count);
      case BF16 -> loadBfloat16(from, first * 2, to, count);
      case F16 -> {
        short[] bits = new short[count];
        MemorySegment.copy(from, ValueLayout.JAVA_SHORT_UNALIGNED, first * 2, bits, 0, count);
        for (int i = 0; i < count; i++) {
          to[i] = Float.float16ToFloat(bits[i]);
        }
      }
      default -> throw new IllegalStateException("not a floating-point type: " + dtype);
    }
  }

  /** Writes {@code count} elements from element {@code first} on, rounded to nearest even. */
  static void store(float[] from, MemorySegment to, DType dtype, long first, int count) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(from, 0, to, ValueLayout.JAVA_FLOAT_UNALIGNED, first * 4, count);
      case BF16 -> storeBfloat16(from, to, first * 2, count);
      case F16 -> {
        short[] bits = new short[count];
        for (int i = 0; i < count; i++) {
          bits[i] = Float.floatToFloat16(from[i]);
        }
        MemorySegment.copy(bits, 0, to, ValueLayout.JAVA_SHORT_UNALIGNED, first * 2, count);
      }
      default -> throw new IllegalStateException("not a floating-point type: " + dtype);
    }
  }

  private static void loadBfloat16(MemorySegment from, long at, float[] to, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      Bfloat16.load(from, at + 2L * i).intoArray(to, i);
    }
    for (; i < count; i++) {
      to[i] = Bfloat16.toFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
    }
  }

  private static void storeBfloat16(float[] from, MemorySegment to, long at, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      Bfloat16.store(FloatVector.fromArray(FLOATS, from, i), to, at + 2L * i);
    }
    for (; i < count; i++) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, Bfloat16.of(from[i]));
    }
  }
}
