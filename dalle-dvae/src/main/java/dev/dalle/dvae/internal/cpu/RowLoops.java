package dev.dalle.dvae.internal.cpu;

import static dev.dalle.dvae.internal.cpu.VectorMath.LANES;
import static dev.dalle.dvae.internal.cpu.VectorMath.SPECIES;

import dev.dalle.tensor.Philox;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Loops over rows of a categorical distribution, in arrays of whole vectors. One loop a method: the compiler stops inlining in longer ones, and
 * vectors that cross a call are boxed.
 *
 * <p>Exponentials below 2^-64 of the greatest are 0 rather than tiny: at low temperatures nearly the whole row is, and subnormal numbers would
 * slow down every product that reads it.
 */
final class RowLoops {
  /** ln(2^-64), below which an exponential is 0. */
  private static final float NOTHING = -44.36142f;
  /** Elements that are summed in 32 bits before they join a sum in 64: keeps long rows as accurate as short ones. */
  private static final int BLOCK = 32 * LANES;

  private RowLoops() {}

  static void fillUniform(float[] out, int count, long seed, long stream, long index, int[] words) {
    int i = 0;
    for (long block = index >>> 2; i < count; block++) {
      Philox.block(seed, stream, block, words);
      for (int lane = (int) (index + i & 3); lane < 4 && i < count; lane++) {
        out[i++] = Philox.toUniform(words[lane]);
      }
    }
  }

  /** {@code x = -ln x}. */
  static void negativeLog(float[] x, int count) {
    for (int i = 0; i < count; i += LANES) {
      VectorMath.log(FloatVector.fromArray(SPECIES, x, i)).neg().intoArray(x, i);
    }
  }

  /** The greatest element; NaN if there is one. */
  static float max(float[] x, int count, float[] lanes) {
    FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < count; i += LANES) {
      max = max.max(FloatVector.fromArray(SPECIES, x, i));
    }
    max.intoArray(lanes, 0);
    float greatest = lanes[0];
    for (int i = 1; i < LANES; i++) {
      greatest = Math.max(greatest, lanes[i]);
    }
    return greatest;
  }

  /** {@code x = ((x - shift) + noise) * factor}: the differences of great logits are exact, so noise is not lost beside them. */
  static void addNoise(float[] x, float shift, float[] noise, float factor, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromArray(SPECIES, x, i).sub(shift).add(FloatVector.fromArray(SPECIES, noise, i)).mul(factor).intoArray(x, i);
    }
  }

  /** {@code x = e^(x - max)}; returns the sum. */
  static double exp(float[] x, float max, int count, float[] lanes) {
    double sum = 0;
    for (int from = 0; from < count; from += BLOCK) {
      expBlock(x, max, from, Math.min(count, from + BLOCK), lanes);
      sum += total(lanes, 0);
    }
    return sum;
  }

  private static void expBlock(float[] x, float max, int from, int to, float[] lanes) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = from; i < to; i += LANES) {
      FloatVector d = FloatVector.fromArray(SPECIES, x, i).sub(max);
      VectorMask<Float> nothing = d.compare(VectorOperators.LT, NOTHING);
      FloatVector e = VectorMath.exp(d).blend(0f, nothing);
      e.intoArray(x, i);
      sum = sum.add(e);
    }
    sum.intoArray(lanes, 0);
  }

  /**
   * {@code x = max(x - max, NOTHING)} and {@code e = e^x}.
   *
   * @param sums the sum of e and the sum of e x, written
   */
  static void expMoments(float[] x, float max, float[] e, int count, float[] lanes, double[] sums) {
    sums[0] = 0;
    sums[1] = 0;
    for (int from = 0; from < count; from += BLOCK) {
      momentsBlock(x, max, e, from, Math.min(count, from + BLOCK), lanes);
      sums[0] += total(lanes, 0);
      sums[1] += total(lanes, LANES);
    }
  }

  private static void momentsBlock(float[] x, float max, float[] e, int from, int to, float[] lanes) {
    FloatVector sum = FloatVector.zero(SPECIES);
    FloatVector moment = FloatVector.zero(SPECIES);
    for (int i = from; i < to; i += LANES) {
      FloatVector d = FloatVector.fromArray(SPECIES, x, i).sub(max);
      VectorMask<Float> nothing = d.compare(VectorOperators.LT, NOTHING);
      d = d.max(NOTHING);
      FloatVector y = VectorMath.exp(d).blend(0f, nothing);
      d.intoArray(x, i);
      y.intoArray(e, i);
      sum = sum.add(y);
      moment = y.fma(d, moment);
    }
    sum.intoArray(lanes, 0);
    moment.intoArray(lanes, LANES);
  }

  /** Sum of {@code a b}. */
  static double dot(float[] a, float[] b, int count, float[] lanes) {
    double sum = 0;
    for (int from = 0; from < count; from += BLOCK) {
      dotBlock(a, b, from, Math.min(count, from + BLOCK), lanes);
      sum += total(lanes, 0);
    }
    return sum;
  }

  private static void dotBlock(float[] a, float[] b, int from, int to, float[] lanes) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = from; i < to; i += LANES) {
      sum = FloatVector.fromArray(SPECIES, a, i).fma(FloatVector.fromArray(SPECIES, b, i), sum);
    }
    sum.intoArray(lanes, 0);
  }

  private static double total(float[] lanes, int from) {
    double sum = 0;
    for (int i = from; i < from + LANES; i++) {
      sum += lanes[i];
    }
    return sum;
  }

  /** {@code x = x * factor}. */
  static void scale(float[] x, float factor, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector.fromArray(SPECIES, x, i).mul(factor).intoArray(x, i);
    }
  }

  /** {@code x = y * (x - shift) * factor}. */
  static void centred(float[] x, float[] y, float shift, float factor, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector difference = FloatVector.fromArray(SPECIES, x, i).sub(shift);
      FloatVector.fromArray(SPECIES, y, i).mul(difference).mul(factor).intoArray(x, i);
    }
  }
}
