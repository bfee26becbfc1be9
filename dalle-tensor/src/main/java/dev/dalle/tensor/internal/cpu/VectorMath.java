package dev.dalle.tensor.internal.cpu;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
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
  private static final float ROUNDER = 12582912f;
  /** Below, the result is close to the subnormal numbers and taken as 0; above, it is not finite. */
  private static final float LOWEST = -86.5f;
  private static final float HIGHEST = 89f;
  /** The factor of the sigmoid approximation of GELU. */
  private static final float GELU = 1.702f;

  private VectorMath() {}

  /** A row that {@link #expAndSum} can work on: filled up to whole vectors. */
  static float[] row(int width) {
    return new float[(width + FLOATS.length() - 1) / FLOATS.length() * FLOATS.length()];
  }

  /**
   * {@code x[i] = exp(x[i] - shift)}, exactly 0 far below the shift; returns the sum of the results. NaN gives NaN; {@code lanes} as in {@link #total}.
   * One loop over whole vectors: with the function inlined a second time, for what is left over, the compiler gives up inlining and puts vectors into objects.
   *
   * @param x from {@link #row}
   */
  static float expAndSum(float[] x, float shift, int count, float[] lanes) {
    Arrays.fill(x, count, x.length, Float.NEGATIVE_INFINITY);
    FloatVector sum = FloatVector.zero(FLOATS);
    for (int i = 0; i < count; i += FLOATS.length()) {
      FloatVector y = exp(FloatVector.fromArray(FLOATS, x, i).sub(shift));
      y.intoArray(x, i);
      sum = sum.add(y);
    }
    sum.intoArray(lanes, 0);
    return total(lanes);
  }

  /**
   * exp to about one unit in the last place; 0 below 2.5e-38, NaN of NaN. As 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2]; coefficients: Taylor's,
   * the last two shifted so that the error is spread over the interval.
   */
  static FloatVector exp(FloatVector x) {
    VectorMask<Float> under = x.compare(VectorOperators.LT, LOWEST);
    FloatVector clamped = x.blend(LOWEST, under).blend(HIGHEST, x.compare(VectorOperators.GT, HIGHEST));
    // Adding 1.5 * 2^23 rounds to an integer, which then stands in the sum's low bits.
    FloatVector shifted = clamped.lanewise(VectorOperators.FMA, FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, ROUNDER));
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), clamped);
    r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
    FloatVector p = FloatVector.broadcast(FLOATS, 1.3981999e-3f);
    p = p.fma(r, FloatVector.broadcast(FLOATS, 8.3334519e-3f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 4.1665796e-2f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1.6666666e-1f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));
    p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));
    // 2^(n - 1), and a doubling at the end, so that n = 128 does not run over before the result does. A product, because a NaN survives it.
    FloatVector half = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(126 << 23).reinterpretAsFloats();
    return p.mul(half).mul(2f).blend(0f, under);
  }

  /**
   * The sum of a vector's lanes in a fixed order. {@code reduceLanes} promises none, and interpreted and compiled code use different ones.
   *
   * @param lanes as many as a vector has
   */
  static float total(float[] lanes) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    for (int i = 0; i < FLOATS.length(); i += 4) {
      a += lanes[i];
      b += lanes[i + 1];
      c += lanes[i + 2];
      d += lanes[i + 3];
    }
    return (a + b) + (c + d);
  }

  /** Working memory for the sums below, one a thread. */
  static float[] lanes() {
    return new float[FLOATS.length()];
  }

  /** {@code max(x, 0)}; NaN of NaN. */
  static FloatVector relu(FloatVector x) {
    return x.blend(0f, x.compare(VectorOperators.LE, 0f));
  }

  /** {@code g} where x is greater than 0, else 0. */
  static FloatVector reluGradient(FloatVector x, FloatVector g) {
    return FloatVector.zero(FLOATS).blend(g, x.compare(VectorOperators.GT, 0f));
  }

  /** {@code 1 / (1 + exp(-x))}. */
  static FloatVector sigmoid(FloatVector x) {
    return FloatVector.broadcast(FLOATS, 1f).div(exp(x.neg()).add(1f));
  }

  /** {@code g s (1 - s)} with the sigmoid s of x. */
  static FloatVector sigmoidGradient(FloatVector x, FloatVector g) {
    FloatVector s = sigmoid(x);
    return g.mul(s).mul(FloatVector.broadcast(FLOATS, 1f).sub(s));
  }

  /** {@code x sigmoid(1.702 x)}. */
  static FloatVector quickGelu(FloatVector x) {
    return x.div(exp(x.mul(-GELU)).add(1f));
  }

  /** {@code g s (1 + 1.702 x (1 - s))} with the sigmoid s of 1.702 x. */
  static FloatVector quickGeluGradient(FloatVector x, FloatVector g) {
    FloatVector t = x.mul(GELU);
    FloatVector s = sigmoid(t);
    return g.mul(s).mul(FloatVector.broadcast(FLOATS, 1f).sub(s).fma(t, FloatVector.broadcast(FLOATS, 1f)));
  }

  /** The greatest value; one that is NaN is passed over. */
  static float greatest(float[] x, int count) {
    FloatVector best = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      FloatVector values = FloatVector.fromArray(FLOATS, x, i);
      best = best.blend(values, values.compare(VectorOperators.GT, best));
    }
    float result = best.reduceLanes(VectorOperators.MAX);
    for (; i < count; i++) {
      result = x[i] > result ? x[i] : result;
    }
    return result;
  }

  /** The sum, accumulated in the lanes of one vector. */
  static float laneSum(float[] x, int count, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      sum = sum.add(FloatVector.fromArray(FLOATS, x, i));
    }
    sum.intoArray(lanes, 0);
    float result = total(lanes);
    for (; i < count; i++) {
      result += x[i];
    }
    return result;
  }

  /** The sum of the squares of {@code x[i] - centre}, accumulated in the lanes of one vector. */
  static float laneSquares(float[] x, float centre, int count, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      FloatVector difference = FloatVector.fromArray(FLOATS, x, i).sub(centre);
      sum = difference.fma(difference, sum);
    }
    sum.intoArray(lanes, 0);
    float result = total(lanes);
    for (; i < count; i++) {
      result = Math.fma(x[i] - centre, x[i] - centre, result);
    }
    return result;
  }

  /** The sum of products, accumulated in the lanes of one vector. */
  static float laneDot(float[] x, float[] y, int count, float[] lanes) {
    FloatVector sum = FloatVector.zero(FLOATS);
    int i = 0;
    for (; i <= count - FLOATS.length(); i += FLOATS.length()) {
      sum = FloatVector.fromArray(FLOATS, x, i).fma(FloatVector.fromArray(FLOATS, y, i), sum);
    }
    sum.intoArray(lanes, 0);
    float result = total(lanes);
    for (; i < count; i++) {
      result = Math.fma(x[i], y[i], result);
    }
    return result;
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
