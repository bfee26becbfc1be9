package dev.dalle.tensor.internal.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Functions of runs of floats that plain loops would not vectorise. Results do not depend on the width of the vectors, sums excepted. */
final class VectorMath {
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

  private static final float LOG2_E = 1.44269504f;
  /** ln 2 in two parts: the first has so few digits that its products with small integers are exact. */
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;
  /** Below, the result is subnormal and taken as 0; above, it is not finite. */
  private static final float LOWEST = -87.33654f;
  private static final float HIGHEST = 88.72284f;

  private VectorMath() {}

  /** {@code y[i] = exp(x[i] - shift)} to about one unit in the last place; NaN gives NaN. {@code y} may be {@code x}. */
  static void exp(float[] x, float shift, float[] y, int count) {
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      exp(FloatVector.fromArray(FLOATS, x, i).sub(shift)).intoArray(y, i);
    }
    if (i < count) {
      VectorMask<Float> mask = FLOATS.indexInRange(i, count);
      exp(FloatVector.fromArray(FLOATS, x, i, mask).sub(shift)).intoArray(y, i, mask);
    }
  }

  /**
   * exp as 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2]; coefficients: Taylor's, the last two shifted so that the error is spread
   * over the interval.
   */
  private static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(LOWEST).min(HIGHEST);
    // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer.
    FloatVector n = clamped.mul(LOG2_E).add(12582912f).sub(12582912f);
    FloatVector r = n.neg().fma(FloatVector.broadcast(FLOATS, LN2_HIGH), clamped);
    r = n.neg().fma(FloatVector.broadcast(FLOATS, LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(FLOATS, 1.3981999e-3f);
    p = p.fma(r, FloatVector.broadcast(FLOATS, 8.3334519e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 4.1665796e-2f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1.6666666e-1f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));
    // One less in the exponent and a doubling at the end, so that n = 128 does not run over.
    IntVector exponent = (IntVector) n.sub(1f).convert(VectorOperators.F2I, 0);
    FloatVector scaled = p.reinterpretAsInts().add(exponent.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().mul(2f);
    VectorMask<Float> under = x.compare(VectorOperators.LT, LOWEST);
    VectorMask<Float> over = x.compare(VectorOperators.GT, HIGHEST);
    return scaled.blend(0f, under).blend(Float.POSITIVE_INFINITY, over).blend(Float.NaN, x.test(VectorOperators.IS_NAN));
  }

  /** {@code y[i] = 1 / (1 + exp(-factor x[i]))}. {@code y} may be {@code x}. */
  static void sigmoid(float[] x, float factor, float[] y, int count) {
    for (int i = 0; i < count; i++) {
      y[i] = -factor * x[i];
    }
    exp(y, 0, y, count);
    for (int i = 0; i < count; i++) {
      y[i] = 1 / (1 + y[i]);
    }
  }

  /** The greatest value, NaN if there is one; negative infinity of nothing. */
  static float max(float[] x, int count) {
    FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      best = best.max(FloatVector.fromArray(FLOATS, x, i));
    }
    float result = best.reduceLanes(VectorOperators.MAX);
    for (; i < count; i++) {
      result = Math.max(result, x[i]);
    }
    return result;
  }

  /** The sum, accumulated in double. */
  static double sum(float[] x, int count) {
    DoubleVector low = DoubleVector.zero(DOUBLES);
    DoubleVector high = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = FloatVector.fromArray(FLOATS, x, i);
      low = low.add(values.convertShape(VectorOperators.F2D, DOUBLES, 0));
      high = high.add(values.convertShape(VectorOperators.F2D, DOUBLES, 1));
    }
    // Lane by lane: reduceLanes promises no order, and interpreted and compiled code differ. Written out: a helper would get its vector boxed.
    DoubleVector both = low.add(high);
    double result = both.lane(0) + both.lane(1);
    if (DOUBLES.length() >= 4) {
      result += both.lane(2) + both.lane(3);
    }
    if (DOUBLES.length() >= 8) {
      result += (both.lane(4) + both.lane(5)) + (both.lane(6) + both.lane(7));
    }
    for (; i < count; i++) {
      result += x[i];
    }
    return result;
  }

  /** The sum of products, accumulated in double. */
  static double dot(float[] x, float[] y, int count) {
    DoubleVector low = DoubleVector.zero(DOUBLES);
    DoubleVector high = DoubleVector.zero(DOUBLES);
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      FloatVector a = FloatVector.fromArray(FLOATS, x, i);
      FloatVector b = FloatVector.fromArray(FLOATS, y, i);
      low = ((DoubleVector) a.convertShape(VectorOperators.F2D, DOUBLES, 0))
          .fma((DoubleVector) b.convertShape(VectorOperators.F2D, DOUBLES, 0), low);
      high = ((DoubleVector) a.convertShape(VectorOperators.F2D, DOUBLES, 1))
          .fma((DoubleVector) b.convertShape(VectorOperators.F2D, DOUBLES, 1), high);
    }
    // In the order of sum, for the same reasons.
    DoubleVector both = low.add(high);
    double result = both.lane(0) + both.lane(1);
    if (DOUBLES.length() >= 4) {
      result += both.lane(2) + both.lane(3);
    }
    if (DOUBLES.length() >= 8) {
      result += (both.lane(4) + both.lane(5)) + (both.lane(6) + both.lane(7));
    }
    for (; i < count; i++) {
      result += (double) x[i] * y[i];
    }
    return result;
  }
}
