package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Moves runs of elements between memory of any floating type and {@code float[]}. Kernels compute on arrays that stay in the first-level
 * cache: the compiler vectorises plain loops over arrays, but not over several segments, and each kernel is written once for all types.
 */
final class Tiles {
  /** Elements of a tile: three of them fit into a first-level cache. */
  static final int LENGTH = 2048;

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = Bfloat16.SHORTS;

  private Tiles() {}

  /** Reads {@code count} elements from element {@code first} on. */
  static void load(MemorySegment from, DType dtype, long first, float[] to, int count) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(from, ValueLayout.JAVA_FLOAT_UNALIGNED, first * 4, to, 0, count);
      case BF16 -> loadBfloat16(from, first * 2, to, count);
      case F16 -> Half.load(from, first * 2, to, count);
      default -> throw new IllegalStateException("not a floating-point type: " + dtype);
    }
  }

  /** Writes {@code count} elements from element {@code first} on, rounded to nearest even. */
  static void store(float[] from, MemorySegment to, DType dtype, long first, int count) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(from, 0, to, ValueLayout.JAVA_FLOAT_UNALIGNED, first * 4, count);
      case BF16 -> storeBfloat16(from, to, first * 2, count);
      case F16 -> Half.store(from, to, first * 2, count);
      default -> throw new IllegalStateException("not a floating-point type: " + dtype);
    }
  }

  /** Adds {@code count} elements of a 16-bit type from element {@code first} on to sums. */
  static void addTo(MemorySegment from, DType dtype, long first, float[] sums, int count) {
    switch (dtype) {
      case BF16 -> addBfloat16(from, first * 2, sums, count);
      case F16 -> Half.add(from, first * 2, sums, count);
      default -> throw new IllegalStateException("not a 16-bit floating-point type: " + dtype);
    }
  }

  // The conversions are written out in these three: when they are inlined into a large method, the compiler may stop at calls of helpers, and pass vectors in objects.

  private static void addBfloat16(MemorySegment from, long at, float[] sums, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = ShortVector.fromMemorySegment(SHORTS, from, at + 2L * i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0).reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector.fromArray(FLOATS, sums, i).add(values).intoArray(sums, i);
    }
    for (; i < count; i++) {
      sums[i] += Bfloat16.toFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
    }
  }

  private static void loadBfloat16(MemorySegment from, long at, float[] to, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      ShortVector.fromMemorySegment(SHORTS, from, at + 2L * i, ByteOrder.LITTLE_ENDIAN)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0).reinterpretAsInts().lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats()
          .intoArray(to, i);
    }
    for (; i < count; i++) {
      to[i] = Bfloat16.toFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
    }
  }

  private static void storeBfloat16(float[] from, MemorySegment to, long at, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = FloatVector.fromArray(FLOATS, from, i);
      IntVector bits = values.reinterpretAsInts();
      IntVector rounded = bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF)
          .blend(0x7FC00000, values.test(VectorOperators.IS_NAN).cast(INTS)).lanewise(VectorOperators.LSHR, 16);
      rounded.convertShape(VectorOperators.I2S, SHORTS, 0).reinterpretAsShorts().intoMemorySegment(to, at + 2L * i, ByteOrder.LITTLE_ENDIAN);
    }
    for (; i < count; i++) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, Bfloat16.of(from[i]));
    }
  }
}
