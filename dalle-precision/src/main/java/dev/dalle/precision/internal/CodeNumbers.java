package dev.dalle.precision.internal;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.Rounding;
import dev.dalle.precision.format.Specials;

/**
 * A format as the numbers that loops over vectors need. "Magnitude" is a code, or the bits of a float, without the sign.
 *
 * @param format the definition
 * @param encoding which loop encodes
 * @param decoding which loop decodes
 * @param significandBits M
 * @param bias of the exponent
 * @param shift bits of a float's significand that the format does not have
 * @param even 1 if ties go to even, 0 if they go away from zero
 * @param rounding what is added before these are cut off, less {@code even}: half of the last bit that stays, and the difference of the exponents' biases
 * @param floor least float, as bits, that is not taken for zero because of its sign; the least int if there is a sign
 * @param magnitudeMask takes the sign from a float's bits; all bits where a sign makes a number less than {@code zeroBelow}
 * @param zeroBelow bits of the least float that does not become zero, where there are no subnormal numbers; else 0
 * @param top magnitude of what is beyond the greatest number
 * @param signBit of a code, 0 if there is none
 * @param signShift from the sign of a float to that of a code
 * @param nan code of NaN
 * @param codeMask all bits of a code
 * @param infinity magnitude of infinity, -1 if there is none
 * @param last greatest magnitude that is not NaN
 * @param leastNormal bits of the float that is the least number which is not subnormal
 * @param rounder 2^23 steps of the subnormal numbers: what is added to it is rounded to whole steps, ties to even; infinite if there is no such float
 * @param step between subnormal numbers
 */
record CodeNumbers(FloatFormat format, Encoding encoding, Decoding decoding, int significandBits, int bias, int shift, int even, int rounding, int floor,
    int magnitudeMask, int zeroBelow, int top, int signBit, int signShift, int nan, int codeMask, int infinity, int last, int leastNormal, float rounder,
    float step) {
  /** Loops that encode, from the special to the general: the first that can do it is the fastest. */
  enum Encoding {
    /** Cutting off bits is all: there are no subnormal numbers, or they are subnormal floats, too. Ties go away from zero. */
    ALIGNED_AWAY,
    /** As {@link #ALIGNED_AWAY}, but ties go to even. */
    ALIGNED_EVEN,
    /** Subnormal numbers are ordinary floats. Ties go to even. */
    SUBNORMAL_EVEN,
    /** Anything. */
    ANY
  }

  /** Loops that decode, as {@link Encoding}. */
  enum Decoding {
    /** Shifting is all. */
    ALIGNED,
    /** Subnormal numbers are ordinary floats. */
    SUBNORMAL,
    /** Anything. */
    ANY
  }

  private static final int FLOAT_BIAS = 127;

  static CodeNumbers of(FloatFormat format) {
    int significandBits = format.significandBits();
    int bias = format.bias();
    boolean none = format.specials() == Specials.NONE;
    boolean even = format.rounding() == Rounding.NEAREST_EVEN;
    int shift = 23 - significandBits;
    int signBit = format.signed() ? format.codeCount() / 2 : 0;
    int greatest = format.encode(format.max());
    int infinity = format.specials() == Specials.IEEE ? greatest + 1 : -1;
    float rounder = Math.scalb(1f, 24 - bias - significandBits);
    boolean aligned = none || bias == FLOAT_BIAS;
    Encoding encoding = aligned ? even ? Encoding.ALIGNED_EVEN : Encoding.ALIGNED_AWAY
        : even && bias < FLOAT_BIAS && rounder < Float.POSITIVE_INFINITY ? Encoding.SUBNORMAL_EVEN : Encoding.ANY;
    Decoding decoding = aligned ? Decoding.ALIGNED : bias < FLOAT_BIAS ? Decoding.SUBNORMAL : Decoding.ANY;
    return new CodeNumbers(format, encoding, decoding, significandBits, bias, shift, even ? 1 : 0,
        (1 << shift - 1) - (even ? 1 : 0) - (FLOAT_BIAS - bias << 23), format.signed() ? Integer.MIN_VALUE : 0,
        format.signed() ? Integer.MAX_VALUE : -1, none ? Float.floatToRawIntBits(format.smallest()) : 0,
        format.encode(Float.POSITIVE_INFINITY), signBit, 32 - format.bits(), format.encode(Float.NaN), format.codeCount() - 1, infinity,
        Math.max(greatest, infinity), Float.floatToRawIntBits(Math.scalb(1f, 1 - bias)), rounder, Math.scalb(1f, 1 - bias - significandBits));
  }
}
