package dev.dalle.dvae.internal.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Exponential and logarithm of whole vectors, the same bits on every processor with a fused multiply-add, without a vector mathematics library.
 * Small enough to be inlined; a caller's loop should call one of them once.
 */
final class VectorMath {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();
  /** Arguments of {@link #exp} are clamped to this range, in which neither it nor its reciprocal is subnormal or infinite. */
  static final float LEAST_EXPONENT = -87.3f;
  static final float GREATEST_EXPONENT = 88.3f;
  /** Relative error of {@link #exp} and, apart from that of its argument, of {@link #log}. */
  static final double RELATIVE_ERROR = 0x1p-22;

  private static final float LOG2_E = (float) (1 / Math.log(2));
  /** Adding and subtracting it rounds to an integer; its bits then hold that integer. */
  private static final float ROUNDER = 0x1.8p23f;
  /** ln 2 in two parts: the first has few enough bits for an exact product with an exponent. */
  private static final float LN2_HIGH = 0x1.62ep-1f;
  private static final float LN2_LOW = (float) (Math.log(2) - 0x1.62ep-1);
  /** Bits of sqrt(1/2): significands are taken from [sqrt(1/2), sqrt(2)), so that arguments near 1 have exponent 0. */
  private static final int SQRT_HALF_BITS = 0x3F3504F3;
  private static final int EXPONENT_ONE = 127;
  private static final int SIGNIFICAND_BITS = 23;

  private VectorMath() {}

  /** {@code count} rounded up to whole vectors. */
  static int padded(int count) {
    return Math.ceilDiv(count, LANES) * LANES;
  }

  /**
   * {@code e^x}, x clamped. With {@code x = n ln 2 + r}, {@code |r| <= ln 2 / 2}: 2^n times the Taylor polynomial of degree 7, whose remainder is
   * {@code r^8 / 8! < 6e-9}.
   */
  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(LEAST_EXPONENT).min(GREATEST_EXPONENT);
    FloatVector rounded = clamped.mul(LOG2_E).add(ROUNDER);
    IntVector power = rounded.reinterpretAsInts().sub(Float.floatToRawIntBits(ROUNDER) - EXPONENT_ONE)
        .lanewise(VectorOperators.LSHL, SIGNIFICAND_BITS);
    FloatVector n = rounded.sub(ROUNDER);
    FloatVector r = n.lanewise(VectorOperators.FMA, -LN2_HIGH, clamped);
    r = n.lanewise(VectorOperators.FMA, -LN2_LOW, r);
    FloatVector p = r.mul(1f / 5040).add(1f / 720);
    p = p.fma(r, r.broadcast(1f / 120));
    p = p.fma(r, r.broadcast(1f / 24));
    p = p.fma(r, r.broadcast(1f / 6));
    p = p.fma(r, r.broadcast(0.5f));
    p = p.fma(r, r.broadcast(1f));
    p = p.fma(r, r.broadcast(1f));
    return p.mul(power.reinterpretAsFloats());
  }

  /**
   * {@code ln x} of normal positive x. With {@code x = 2^n m} and {@code s = (m - 1) / (m + 1)}: {@code n ln 2 + 2 (s + s^3/3 + ... + s^9/9)}; as
   * {@code s^2 < 0.0295}, the rest of the series is below 3e-9 of it. Near 1 the relative error stays small, which the inner logarithm of
   * Gumbel noise needs.
   */
  static FloatVector log(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector n = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, SIGNIFICAND_BITS);
    FloatVector m = bits.sub(n.lanewise(VectorOperators.LSHL, SIGNIFICAND_BITS)).reinterpretAsFloats();
    FloatVector power = (FloatVector) n.convert(VectorOperators.I2F, 0);
    FloatVector s = m.sub(1f).div(m.add(1f));
    FloatVector square = s.mul(s);
    FloatVector p = square.mul(1f / 9).add(1f / 7);
    p = p.fma(square, s.broadcast(1f / 5));
    p = p.fma(square, s.broadcast(1f / 3));
    FloatVector twice = s.add(s);
    FloatVector small = power.lanewise(VectorOperators.FMA, LN2_LOW, twice.mul(square).mul(p));
    return power.lanewise(VectorOperators.FMA, LN2_HIGH, twice.add(small));
  }
}
