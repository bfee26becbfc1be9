package dev.dalle.precision.internal;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Floats to 16-bit codes, by integer operations on their bits; {@link CodeNumbers} has the numbers. One loop for each {@link CodeNumbers.Encoding}, each over
 * whole vectors: with more in one of them the compiler would stop inlining, and pass vectors in objects. What {@code convertShape} gives is cast, not
 * reinterpreted: that call is not seen through, and everything that could leave the loop stays in it.
 */
final class EncodeKernel {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int MAGNITUDE = 0x7FFFFFFF;
  private static final int FLOAT_BIAS = 127;
  /** A shift that leaves nothing of a significand of 24 bits, and does not round it up. */
  private static final int ALL_BITS = 25;
  /** Elements that the loops take at a time; counts are multiples of it. */
  static final int LANES = FLOATS.length();

  private EncodeKernel() {}

  static void alignedAway(CodeNumbers n, MemorySegment in, long inAt, MemorySegment codes, long codesAt, int count) {
    int shift = n.shift();
    int signShift = n.signShift();
    IntVector magnitudeMask = IntVector.broadcast(INTS, n.magnitudeMask());
    IntVector rounding = IntVector.broadcast(INTS, n.rounding());
    IntVector top = IntVector.broadcast(INTS, n.top());
    IntVector signBit = IntVector.broadcast(INTS, n.signBit());
    IntVector zeroBelow = IntVector.broadcast(INTS, n.zeroBelow());
    IntVector nan = IntVector.broadcast(INTS, n.nan());
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, in, inAt + 4L * i, ORDER);
      IntVector bits = x.reinterpretAsInts();
      IntVector magnitude = bits.and(magnitudeMask);
      IntVector code = magnitude.add(rounding).lanewise(VectorOperators.ASHR, shift).min(top)
          .or(bits.lanewise(VectorOperators.LSHR, signShift).and(signBit))
          .blend(0, magnitude.compare(VectorOperators.LT, zeroBelow))
          .blend(nan, x.compare(VectorOperators.NE, x).cast(INTS));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(codes, codesAt + 2L * i, ORDER);
    }
  }

  static void alignedEven(CodeNumbers n, MemorySegment in, long inAt, MemorySegment codes, long codesAt, int count) {
    int shift = n.shift();
    int signShift = n.signShift();
    IntVector magnitudeMask = IntVector.broadcast(INTS, n.magnitudeMask());
    IntVector rounding = IntVector.broadcast(INTS, n.rounding());
    IntVector top = IntVector.broadcast(INTS, n.top());
    IntVector signBit = IntVector.broadcast(INTS, n.signBit());
    IntVector zeroBelow = IntVector.broadcast(INTS, n.zeroBelow());
    IntVector nan = IntVector.broadcast(INTS, n.nan());
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, in, inAt + 4L * i, ORDER);
      IntVector bits = x.reinterpretAsInts();
      IntVector magnitude = bits.and(magnitudeMask);
      IntVector odd = bits.lanewise(VectorOperators.LSHR, shift).and(1);
      IntVector code = magnitude.add(rounding).add(odd).lanewise(VectorOperators.ASHR, shift).min(top)
          .or(bits.lanewise(VectorOperators.LSHR, signShift).and(signBit))
          .blend(0, magnitude.compare(VectorOperators.LT, zeroBelow))
          .blend(nan, x.compare(VectorOperators.NE, x).cast(INTS));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(codes, codesAt + 2L * i, ORDER);
    }
  }

  static void subnormalEven(CodeNumbers n, MemorySegment in, long inAt, MemorySegment codes, long codesAt, int count) {
    int shift = n.shift();
    int signShift = n.signShift();
    IntVector floor = IntVector.broadcast(INTS, n.floor());
    IntVector rounding = IntVector.broadcast(INTS, n.rounding());
    IntVector top = IntVector.broadcast(INTS, n.top());
    IntVector signBit = IntVector.broadcast(INTS, n.signBit());
    IntVector leastNormal = IntVector.broadcast(INTS, n.leastNormal());
    IntVector nan = IntVector.broadcast(INTS, n.nan());
    FloatVector rounder = FloatVector.broadcast(FLOATS, n.rounder());
    IntVector rounderBits = rounder.reinterpretAsInts();
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, in, inAt + 4L * i, ORDER);
      IntVector bits = x.reinterpretAsInts().max(floor);
      IntVector magnitude = bits.and(MAGNITUDE);
      IntVector low = magnitude.reinterpretAsFloats().add(rounder).reinterpretAsInts().sub(rounderBits);
      IntVector odd = bits.lanewise(VectorOperators.LSHR, shift).and(1);
      IntVector code = magnitude.add(rounding).add(odd).lanewise(VectorOperators.ASHR, shift)
          .blend(low, magnitude.compare(VectorOperators.LT, leastNormal)).min(top)
          .or(bits.lanewise(VectorOperators.LSHR, signShift).and(signBit))
          .blend(nan, x.compare(VectorOperators.NE, x).cast(INTS));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(codes, codesAt + 2L * i, ORDER);
    }
  }

  /** As the definition: the significand, with its leading one, is cut off at the steps of its binade, never smaller than those of subnormal numbers. */
  static void any(CodeNumbers n, MemorySegment in, long inAt, MemorySegment codes, long codesAt, int count) {
    int significandBits = n.significandBits();
    int signShift = n.signShift();
    IntVector floor = IntVector.broadcast(INTS, n.floor());
    IntVector one = IntVector.broadcast(INTS, 1);
    IntVector even = IntVector.broadcast(INTS, n.even());
    IntVector normalShift = IntVector.broadcast(INTS, n.shift());
    IntVector rebias = IntVector.broadcast(INTS, n.bias() - FLOAT_BIAS);
    IntVector top = IntVector.broadcast(INTS, n.top());
    IntVector signBit = IntVector.broadcast(INTS, n.signBit());
    IntVector nan = IntVector.broadcast(INTS, n.nan());
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, in, inAt + 4L * i, ORDER);
      IntVector bits = x.reinterpretAsInts().max(floor);
      IntVector magnitude = bits.and(MAGNITUDE);
      // A subnormal float is its bits as an integer times 2^-149; as a float, that integer has a leading one.
      VectorMask<Integer> tiny = magnitude.compare(VectorOperators.LT, 0x800000);
      IntVector whole = ((FloatVector) magnitude.convertShape(VectorOperators.I2F, FLOATS, 0)).reinterpretAsInts();
      IntVector exponent = magnitude.lanewise(VectorOperators.LSHR, 23).blend(whole.lanewise(VectorOperators.LSHR, 23).sub(149), tiny).add(rebias);
      IntVector significand = magnitude.blend(whole, tiny).and(0x7FFFFF).or(0x800000);
      IntVector shift = one.sub(exponent).max(0).add(normalShift).min(ALL_BITS);
      IntVector odd = significand.lanewise(VectorOperators.LSHR, shift).and(even);
      IntVector rounded = significand.add(one.lanewise(VectorOperators.LSHL, shift.sub(1))).add(odd).sub(even).lanewise(VectorOperators.LSHR, shift);
      IntVector code = rounded.add(exponent.max(1).sub(1).lanewise(VectorOperators.LSHL, significandBits)).min(top)
          .or(bits.lanewise(VectorOperators.LSHR, signShift).and(signBit))
          .blend(nan, x.compare(VectorOperators.NE, x).cast(INTS));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(codes, codesAt + 2L * i, ORDER);
    }
  }
}
