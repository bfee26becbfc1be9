package dev.dalle.precision.internal;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** 16-bit codes to floats; as {@link EncodeKernel}. */
final class DecodeKernel {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int INFINITY = 0x7F800000;
  private static final int NAN = 0x7FC00000;
  private static final int FLOAT_BIAS = 127;
  /** Exponent of the step between subnormal floats. */
  private static final int FLOAT_STEP = -149;
  /** Elements that the loops take at a time; counts are multiples of it. */
  static final int LANES = FLOATS.length();

  private DecodeKernel() {}

  static void aligned(CodeNumbers n, MemorySegment codes, long codesAt, MemorySegment out, long outAt, int count) {
    int shift = n.shift();
    int signShift = n.signShift();
    IntVector codeMask = IntVector.broadcast(INTS, n.codeMask());
    IntVector signBit = IntVector.broadcast(INTS, n.signBit());
    IntVector offset = IntVector.broadcast(INTS, FLOAT_BIAS - n.bias() << 23);
    IntVector infinity = IntVector.broadcast(INTS, n.infinity());
    IntVector last = IntVector.broadcast(INTS, n.last());
    for (int i = 0; i < count; i += LANES) {
      IntVector code = ((IntVector) ShortVector.fromMemorySegment(SHORTS, codes, codesAt + 2L * i, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).and(codeMask);
      IntVector sign = code.and(signBit);
      IntVector magnitude = code.sub(sign);
      IntVector bits = magnitude.lanewise(VectorOperators.LSHL, shift).add(offset)
          .blend(0, code.compare(VectorOperators.EQ, 0))
          .blend(INFINITY, magnitude.compare(VectorOperators.EQ, infinity))
          .or(sign.lanewise(VectorOperators.LSHL, signShift))
          .blend(NAN, magnitude.compare(VectorOperators.GT, last));
      bits.intoMemorySegment(out, outAt + 4L * i, ORDER);
    }
  }

  static void subnormal(CodeNumbers n, MemorySegment codes, long codesAt, MemorySegment out, long outAt, int count) {
    int shift = n.shift();
    int signShift = n.signShift();
    IntVector codeMask = IntVector.broadcast(INTS, n.codeMask());
    IntVector signBit = IntVector.broadcast(INTS, n.signBit());
    IntVector offset = IntVector.broadcast(INTS, FLOAT_BIAS - n.bias() << 23);
    IntVector infinity = IntVector.broadcast(INTS, n.infinity());
    IntVector last = IntVector.broadcast(INTS, n.last());
    IntVector leastNormal = IntVector.broadcast(INTS, 1 << n.significandBits());
    FloatVector step = FloatVector.broadcast(FLOATS, n.step());
    for (int i = 0; i < count; i += LANES) {
      IntVector code = ((IntVector) ShortVector.fromMemorySegment(SHORTS, codes, codesAt + 2L * i, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).and(codeMask);
      IntVector sign = code.and(signBit);
      IntVector magnitude = code.sub(sign);
      IntVector low = ((FloatVector) magnitude.convertShape(VectorOperators.I2F, FLOATS, 0)).mul(step).reinterpretAsInts();
      IntVector bits = magnitude.lanewise(VectorOperators.LSHL, shift).add(offset)
          .blend(low, magnitude.compare(VectorOperators.LT, leastNormal))
          .blend(INFINITY, magnitude.compare(VectorOperators.EQ, infinity))
          .or(sign.lanewise(VectorOperators.LSHL, signShift))
          .blend(NAN, magnitude.compare(VectorOperators.GT, last));
      bits.intoMemorySegment(out, outAt + 4L * i, ORDER);
    }
  }

  /** Numbers below the least ordinary float are subnormal floats: integers times 2^-149. */
  static void any(CodeNumbers n, MemorySegment codes, long codesAt, MemorySegment out, long outAt, int count) {
    int shift = n.shift();
    int signShift = n.signShift();
    int significandBits = n.significandBits();
    IntVector codeMask = IntVector.broadcast(INTS, n.codeMask());
    IntVector signBit = IntVector.broadcast(INTS, n.signBit());
    IntVector offset = IntVector.broadcast(INTS, FLOAT_BIAS - n.bias() << 23);
    IntVector infinity = IntVector.broadcast(INTS, n.infinity());
    IntVector last = IntVector.broadcast(INTS, n.last());
    IntVector highestLow = IntVector.broadcast(INTS, n.bias() - FLOAT_BIAS);
    IntVector lowShift = IntVector.broadcast(INTS, 1 - n.bias() - significandBits - FLOAT_STEP);
    for (int i = 0; i < count; i += LANES) {
      IntVector code = ((IntVector) ShortVector.fromMemorySegment(SHORTS, codes, codesAt + 2L * i, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)).and(codeMask);
      IntVector sign = code.and(signBit);
      IntVector magnitude = code.sub(sign);
      IntVector exponent = magnitude.lanewise(VectorOperators.LSHR, significandBits);
      // The exponent less one, and not less than 0: by so many steps are those of this binade larger than the least.
      IntVector above = exponent.max(1).sub(1);
      IntVector significand = magnitude.sub(above.lanewise(VectorOperators.LSHL, significandBits));
      IntVector low = significand.lanewise(VectorOperators.LSHL, above.add(lowShift));
      IntVector bits = magnitude.lanewise(VectorOperators.LSHL, shift).add(offset)
          .blend(low, exponent.compare(VectorOperators.LE, highestLow))
          .blend(INFINITY, magnitude.compare(VectorOperators.EQ, infinity))
          .or(sign.lanewise(VectorOperators.LSHL, signShift))
          .blend(NAN, magnitude.compare(VectorOperators.GT, last));
      bits.intoMemorySegment(out, outAt + 4L * i, ORDER);
    }
  }
}
