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
 * {@code out = factor * in} from F32 to each floating type, whole vectors, with counts: one pass over memory. All of it in integer lanes, where the bits say what
 * is finite and what has become zero. One loop a method, and conversions written out: past a certain size the compiler would pass vectors in objects.
 *
 * <p>A count of what is new in the result is a difference: results at infinity less products that were not finite; results of zero less elements of zero.
 */
final class ScaleKernel {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  /** Elements of a vector. */
  static final int LANES = FLOATS.length();

  private static final int MAGNITUDE = 0x7FFFFFFF;
  private static final int INFINITY = 0x7F800000;

  private ScaleKernel() {}

  /**
   * To F32.
   *
   * @param inAt byte of the first element
   * @param outAt byte of the first result
   * @param count elements, a multiple of {@link #LANES}
   * @param kept all ones to keep what is not finite, 0 to replace it by 0
   * @param counts in the order of {@link dev.dalle.precision.scale.GradientOps}, added to
   */
  static void toFloat(MemorySegment in, long inAt, MemorySegment out, long outAt, int count, float factor, int kept, long[] counts) {
    int nonfinite = 0;
    int zeroBefore = 0;
    int zero = 0;
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, in, inAt + 4L * i, ORDER);
      IntVector bits = x.mul(factor).reinterpretAsInts();
      IntVector magnitude = bits.and(MAGNITUDE);
      VectorMask<Integer> bad = magnitude.compare(VectorOperators.GE, INFINITY);
      nonfinite += bad.trueCount();
      zeroBefore += x.compare(VectorOperators.EQ, 0f).trueCount();
      zero += magnitude.compare(VectorOperators.EQ, 0).trueCount();
      bits.blend(bits.and(kept), bad).reinterpretAsFloats().intoMemorySegment(out, outAt + 4L * i, ORDER);
    }
    counts[0] += nonfinite;
    counts[2] += zero - zeroBefore;
  }

  /** To BF16; as {@link #toFloat}. */
  static void toBfloat16(MemorySegment in, long inAt, MemorySegment out, long outAt, int count, float factor, int kept, long[] counts) {
    int nonfinite = 0;
    int infinite = 0;
    int zeroBefore = 0;
    int zero = 0;
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, in, inAt + 4L * i, ORDER);
      IntVector bits = x.mul(factor).reinterpretAsInts();
      IntVector magnitude = bits.and(MAGNITUDE);
      VectorMask<Integer> bad = magnitude.compare(VectorOperators.GE, INFINITY);
      IntVector code = magnitude.add(magnitude.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF)
          .blend(0x7FC00000, magnitude.compare(VectorOperators.GT, INFINITY)).lanewise(VectorOperators.LSHR, 16);
      nonfinite += bad.trueCount();
      infinite += code.compare(VectorOperators.GE, 0x7F80).trueCount();
      zeroBefore += x.compare(VectorOperators.EQ, 0f).trueCount();
      zero += code.compare(VectorOperators.EQ, 0).trueCount();
      IntVector signed = code.or(bits.lanewise(VectorOperators.LSHR, 16).and(0x8000));
      signed.blend(signed.and(kept), bad).convertShape(VectorOperators.I2S, SHORTS, 0).reinterpretAsShorts()
          .intoMemorySegment(out, outAt + 2L * i, ORDER);
    }
    counts[0] += nonfinite;
    counts[1] += infinite - nonfinite;
    counts[2] += zero - zeroBefore;
  }

  /**
   * To F16; as {@link #toFloat}. Numbers from 2^-14 on: the exponent is moved by 112, and 13 bits are rounded off. Smaller ones: one half is added, whose last
   * place is 2^-24, the step of F16's subnormal numbers, so that this sum does the rounding.
   */
  static void toHalf(MemorySegment in, long inAt, MemorySegment out, long outAt, int count, float factor, int kept, long[] counts) {
    int nonfinite = 0;
    int infinite = 0;
    int zeroBefore = 0;
    int zero = 0;
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(FLOATS, in, inAt + 4L * i, ORDER);
      IntVector bits = x.mul(factor).reinterpretAsInts();
      IntVector magnitude = bits.and(MAGNITUDE);
      VectorMask<Integer> bad = magnitude.compare(VectorOperators.GE, INFINITY);
      IntVector small = magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(0x3F000000);
      IntVector code = magnitude.sub(0x38000000 - 0xFFF).add(magnitude.lanewise(VectorOperators.LSHR, 13).and(1)).lanewise(VectorOperators.LSHR, 13)
          .min(0x7C00).blend(0x7E00, magnitude.compare(VectorOperators.GT, INFINITY)).blend(small, magnitude.compare(VectorOperators.LT, 0x38800000));
      nonfinite += bad.trueCount();
      infinite += code.compare(VectorOperators.GE, 0x7C00).trueCount();
      zeroBefore += x.compare(VectorOperators.EQ, 0f).trueCount();
      zero += code.compare(VectorOperators.EQ, 0).trueCount();
      IntVector signed = code.or(bits.lanewise(VectorOperators.LSHR, 16).and(0x8000));
      signed.blend(signed.and(kept), bad).convertShape(VectorOperators.I2S, SHORTS, 0).reinterpretAsShorts()
          .intoMemorySegment(out, outAt + 2L * i, ORDER);
    }
    counts[0] += nonfinite;
    counts[1] += infinite - nonfinite;
    counts[2] += zero - zeroBefore;
  }

  /** From BF16 to F32. */
  static void fromBfloat16(MemorySegment in, long inAt, MemorySegment out, long outAt, int count) {
    for (int i = 0; i < count; i += LANES) {
      ShortVector.fromMemorySegment(SHORTS, in, inAt + 2L * i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0).reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, 16).intoMemorySegment(out, outAt + 4L * i, ORDER);
    }
  }

  /** From F16 to F32: the exponent is moved by 112, that of infinity to the other infinity; below 2^-14 the code is a whole number of steps of 2^-24. */
  static void fromHalf(MemorySegment in, long inAt, MemorySegment out, long outAt, int count) {
    for (int i = 0; i < count; i += LANES) {
      IntVector code = ShortVector.fromMemorySegment(SHORTS, in, inAt + 2L * i, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0)
          .reinterpretAsInts();
      IntVector magnitude = code.and(0x7FFF);
      IntVector normal = magnitude.lanewise(VectorOperators.LSHL, 13).add(0x38000000);
      IntVector small = ((FloatVector) magnitude.convertShape(VectorOperators.I2F, FLOATS, 0)).mul(0x1p-24f).reinterpretAsInts();
      normal.blend(normal.add(0x38000000), magnitude.compare(VectorOperators.GE, 0x7C00)).blend(small, magnitude.compare(VectorOperators.LT, 0x400))
          .or(code.and(0x8000).lanewise(VectorOperators.LSHL, 16)).intoMemorySegment(out, outAt + 4L * i, ORDER);
    }
  }

  /** The bin of each element of F32 memory, as {@link dev.dalle.precision.scale.GradientOps#exponents} numbers them. */
  static void bins(MemorySegment in, long inAt, int count, int[] bins) {
    for (int i = 0; i < count; i += LANES) {
      IntVector magnitude = IntVector.fromMemorySegment(INTS, in, inAt + 4L * i, ORDER).and(MAGNITUDE);
      magnitude.lanewise(VectorOperators.LSHR, 23).blend(256, magnitude.compare(VectorOperators.EQ, 0)).intoArray(bins, i);
    }
  }
}
