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

  /** Adds a mask to a block of the tile. */
  static void addMask(float[] scores, int at, int stride, float[] masks, int maskAt) {
    for (int r = 0; r < BlockPlan.ROWS; r++) {
      FloatVector mask = FloatVector.fromArray(SPECIES, masks, maskAt + r * LANES);
      FloatVector.fromArray(SPECIES, scores, at + r * stride).add(mask).intoArray(scores, at + r * stride);
    }
  }

  /** The greatest of {@code count} scores, a multiple of the lanes. */
  static float max(float[] scores, int at, int count) {
    FloatVector greatest = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < count; i += LANES) {
      greatest = greatest.max(FloatVector.fromArray(SPECIES, scores, at + i));
    }
    return greatest.reduceLanes(VectorOperators.MAX);
  }

  /**
   * {@code x = 2^(x - shift)}, exactly 0 where x is minus infinity; relative error about 2e-7 down to 2^-125, 0 below. A NaN stays one.
   *
   * <p>2^f for f in [-1/2, 1/2] is the Taylor polynomial of degree 7 in f ln 2, whose remainder is below 6e-9; the whole part is added to the exponent.
   *
   * @param lanes working memory of as many floats as a vector has
   * @return the sum of the results
   */
  static float exp2(float[] scores, int at, int count, float shift, float[] lanes) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < count; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, scores, at + i).sub(shift);
      VectorMask<Float> vanishing = x.compare(VectorOperators.LT, -125f);
      FloatVector clamped = x.max(-125f);
      // Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, whose low bits are then those of the sum.
      FloatVector shifted = clamped.add(12582912f);
      FloatVector f = clamped.sub(shifted.sub(12582912f));
      FloatVector p = FloatVector.broadcast(SPECIES, 1.525273380405984e-5f);
      p = p.fma(f, FloatVector.broadcast(SPECIES, 1.5403530393381608e-4f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 1.3333558146428443e-3f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 9.618129107628477e-3f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 5.550410866482158e-2f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 0.2402265069591007f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 0.6931471805599453f));
      p = p.fma(f, FloatVector.broadcast(SPECIES, 1f));
      IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector y = p.reinterpretAsInts().add(exponent).reinterpretAsFloats().blend(0f, vanishing);
      y.intoArray(scores, at + i);
      sum = sum.add(y);
    }
    sum.intoArray(lanes, 0);
    return total(lanes);
  }

  /** {@code sum_i p[i] d[i]}; {@code lanes} as in {@link #exp2}. */
  static float dot(float[] p, int pAt, float[] d, int dAt, int count, float[] lanes) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < count; i += LANES) {
      sum = FloatVector.fromArray(SPECIES, p, pAt + i).fma(FloatVector.fromArray(SPECIES, d, dAt + i), sum);
    }
    sum.intoArray(lanes, 0);
    return total(lanes);
  }

  /** The sum of a vector's lanes in a fixed order. {@code reduceLanes} promises none, and interpreted and compiled code use different ones. */
  private static float total(float[] lanes) {
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
