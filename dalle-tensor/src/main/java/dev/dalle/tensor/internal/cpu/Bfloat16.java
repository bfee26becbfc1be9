package dev.dalle.tensor.internal.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Vectors of floats from and to bfloat16 in memory. Small enough to be inlined into the loops that use them. */
final class Bfloat16 {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  /** Vectors of 16-bit numbers, as many as a vector of floats has. */
  static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private Bfloat16() {}

  /** As many elements as a vector of floats has. */
  static FloatVector load(MemorySegment from, long byteOffset) {
    IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORTS, from, byteOffset, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /** Rounds to nearest, ties to even; NaN stays NaN. */
  static void store(FloatVector values, MemorySegment to, long byteOffset) {
    IntVector bits = values.reinterpretAsInts();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    IntVector rounded = bits.add(odd).add(0x7FFF).blend(0x7FC00000, values.test(VectorOperators.IS_NAN).cast(INTS)).lanewise(VectorOperators.LSHR, 16);
    ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(to, byteOffset, ORDER);
  }

  /** One value; as {@link #store}. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) (Float.isNaN(value) ? 0x7FC0 : (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  /** One value. */
  static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
