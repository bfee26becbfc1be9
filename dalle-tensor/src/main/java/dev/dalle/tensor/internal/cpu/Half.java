package dev.dalle.tensor.internal.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Runs of floats from and to IEEE binary16 in memory. By arithmetic on the bits, because there are no vectors of binary16 to convert from and to: the exponent
 * is moved to the other bias; for numbers below the normal ones a sum with a power of two puts the significand in its place, exactly on the way in, and rounding
 * on the way out. Nothing multiplies subnormal floats, at which some processors are slow. Written out in each loop, for the reason given in {@link Tiles}.
 */
final class Half {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = Bfloat16.SHORTS;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  /** What every NaN becomes. */
  private static final short NAN = 0x7E00;

  private Half() {}

  /** Reads {@code count} numbers from byte {@code at} on. */
  static void load(MemorySegment from, long at, float[] to, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      IntVector bits = ShortVector.fromMemorySegment(SHORTS, from, at + 2L * i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
          .reinterpretAsInts();
      IntVector magnitude = bits.and(0x7FFF);
      IntVector moved = magnitude.lanewise(VectorOperators.LSHL, 13);
      IntVector normal = moved.add(112 << 23).blend(moved.or(0x7F800000), magnitude.compare(VectorOperators.GE, 0x7C00));
      IntVector subnormal = moved.add(113 << 23).reinterpretAsFloats().sub(0x1p-14f).reinterpretAsInts();
      normal.blend(subnormal, magnitude.compare(VectorOperators.LT, 0x400)).or(bits.and(0x8000).lanewise(VectorOperators.LSHL, 16)).reinterpretAsFloats()
          .intoArray(to, i);
    }
    for (; i < count; i++) {
      to[i] = Float.float16ToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
    }
  }

  /** Adds {@code count} numbers from byte {@code at} on to sums. */
  static void add(MemorySegment from, long at, float[] sums, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      IntVector bits = ShortVector.fromMemorySegment(SHORTS, from, at + 2L * i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
          .reinterpretAsInts();
      IntVector magnitude = bits.and(0x7FFF);
      IntVector moved = magnitude.lanewise(VectorOperators.LSHL, 13);
      IntVector normal = moved.add(112 << 23).blend(moved.or(0x7F800000), magnitude.compare(VectorOperators.GE, 0x7C00));
      IntVector subnormal = moved.add(113 << 23).reinterpretAsFloats().sub(0x1p-14f).reinterpretAsInts();
      FloatVector values = normal.blend(subnormal, magnitude.compare(VectorOperators.LT, 0x400)).or(bits.and(0x8000).lanewise(VectorOperators.LSHL, 16))
          .reinterpretAsFloats();
      FloatVector.fromArray(FLOATS, sums, i).add(values).intoArray(sums, i);
    }
    for (; i < count; i++) {
      sums[i] += Float.float16ToFloat(from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i));
    }
  }

  /** Writes {@code count} numbers from byte {@code at} on, rounded to nearest, ties to even; what is too great becomes infinite, NaN stays NaN. */
  static void store(float[] from, MemorySegment to, long at, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      IntVector bits = FloatVector.fromArray(FLOATS, from, i).reinterpretAsInts();
      IntVector magnitude = bits.and(0x7FFFFFFF);
      IntVector odd = magnitude.lanewise(VectorOperators.LSHR, 13).and(1);
      IntVector normal = magnitude.add((-112 << 23) + 0xFFF).add(odd).lanewise(VectorOperators.LSHR, 13);
      IntVector subnormal = magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(126 << 23);
      IntVector rounded = normal.blend(subnormal, magnitude.compare(VectorOperators.LT, 113 << 23))
          .blend(0x7C00, magnitude.compare(VectorOperators.GE, 143 << 23));
      rounded.or(bits.lanewise(VectorOperators.LSHR, 16).and(0x8000)).blend(NAN, magnitude.compare(VectorOperators.GT, 0x7F800000))
          .convertShape(VectorOperators.I2S, SHORTS, 0).reinterpretAsShorts().intoMemorySegment(to, at + 2L * i, ORDER);
    }
    for (; i < count; i++) {
      to.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + 2L * i, of(from[i]));
    }
  }

  /** One number; as {@link #store}. */
  static short of(float value) {
    return Float.isNaN(value) ? NAN : Float.floatToFloat16(value);
  }
}
