package dev.dalle.attention.internal.cpu;

import static dev.dalle.attention.internal.cpu.TileProduct.LANES;
import static dev.dalle.attention.internal.cpu.TileProduct.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Loops over rows of scores, whose unit is bits: softmax with base 2. One loop a method, so that C2 keeps vectors in registers. */
final class ScoreRows {
  private ScoreRows() {}

  /** Writes minus infinity over a tile's scores of a block that are not allowed, whatever they are. */
  static void mask(float[] scores, int at, int stride, float[] masks, int maskAt) {
    for (int r = 0; r < BlockPlan.ROWS; r++) {
      VectorMask<Float> forbidden = FloatVector.fromArray(SPECIES, masks, maskAt + r * LANES).compare(VectorOperators.LT, 0f);
      FloatVector.fromArray(SPECIES, scores, at + r * stride).blend(Float.NEGATIVE_INFINITY, forbidden).intoArray(scores, at + r * stride);
    }
  }

  /** The greatest of {@code count} scores, a multiple of the lanes, and at least -3e38; a NaN is passed over. */
  static float max(float[] scores, int at, int count) {
    FloatVector greatest = FloatVector.broadcast(SPECIES, -3e38f);
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, at + i);
      // Far fewer instructions than max, which minds zeros of both signs.
      greatest = greatest.blend(x, x.compare(VectorOperators.GT, greatest));
    }
    return greatest.reduceLanes(VectorOperators.MAX);
  }

  /**
   * {@code x = 2^(x - shift)}, exactly 0 where x is minus infinity; relative error about 3e-7 down to 2^-125, 0 below. A NaN stays one.
   *
   * <p>2^f for f in [-1/2, 1/2] is the polynomial of degree 5 whose greatest relative error is the least (7.5e-8; found by Remez's exchange), with 1 in place
   * of its constant 1.00000007; the whole part is added to the exponent.
   *
   * @param lanes working memory of as many floats as a vector has
   * @return the sum of the results
   */
  static float exp2(float[] scores, int at, int count, float shift, float[] lanes) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, at + i).sub(shift);
      VectorMask<Float> vanishing = x.compare(VectorOperators.LT, -125f);
      FloatVector clamped = x.blend(-125f, vanishing);
      // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, whose low bits are then those of the sum.
      FloatVector shifted = clamped.add(12582912f);
      FloatVector f = clamped.sub(shifted.sub(12582912f));
      FloatVector p = FloatVector.broadcast(SPECIES, 0.0013276472454890609f);
      p = p.fma(f, FloatVector.broadcast(SPECIES, 0.009675540961325169f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 0.05550713092088699f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 0.24022120237350464f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 0.6931469440460205f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 1f));
      IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector y = p.reinterpretAsInts().add(exponent).reinterpretAsFloats().blend(0f, vanishing);
      y.intoArray(scores, at + i);
      sum = sum.add(y);
    }
    sum.intoArray(lanes, 0);
    return total(lanes);
  }

  /** {@code sum_i p[i] d[i]}; {@code lanes} as in {@link #exp2}. Where p is 0, d becomes 0 too, whatever it was. */
  static float mean(float[] p, float[] d, int at, int count, float[] lanes) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < count; i += LANES) {
      FloatVector weight = FloatVector.fromArray(SPECIES, p, at + i);
      FloatVector grad = FloatVector.fromArray(SPECIES, d, at + i).blend(0f, weight.compare(VectorOperators.EQ, 0f));
      grad.intoArray(d, at + i);
      sum = weight.fma(grad, sum);
    }
    sum.intoArray(lanes, 0);
    return total(lanes);
  }

  /** The sum of a vector's lanes in a fixed order. {@code reduceLanes} promises none, and interpreted and compiled code use different ones. */
  static float total(float[] lanes) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    for (int i = 0; i < LANES; i += 4) {
      a += lanes[i];
      b += lanes[i + 1];
      c += lanes[i + 2];
      d += lanes[i + 3];
    }
    return (a + b) + (c + d);
  }

  /** {@code d[i] = p[i] (d[i] - mean)}. */
  static void softmaxGradient(float[] p, float[] d, int at, int count, float mean) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromArray(SPECIES, d, at + i).sub(mean).mul(FloatVector.fromArray(SPECIES, p, at + i)).intoArray(d, at + i);
    }
  }

  /** {@code x[i] *= factor}. */
  static void scale(float[] x, int at, int count, float factor) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromArray(SPECIES, x, at + i).mul(factor).intoArray(x, at + i);
    }
  }
}
