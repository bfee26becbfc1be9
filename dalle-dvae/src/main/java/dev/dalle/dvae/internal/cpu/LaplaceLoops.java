package dev.dalle.dvae.internal.cpu;

import static dev.dalle.dvae.internal.cpu.VectorMath.LANES;
import static dev.dalle.dvae.internal.cpu.VectorMath.SPECIES;

import dev.dalle.dvae.PixelMap;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Loops over a chunk of values of the logit-Laplace likelihood, in arrays of whole vectors; one loop a method, as in {@link RowLoops}. */
final class LaplaceLoops {
  private static final float LN2 = (float) Math.log(2);
  private static final float SLOPE = (float) (1 / PixelMap.SLOPE);
  private static final float SHIFT = (float) (-PixelMap.EPSILON / PixelMap.SLOPE);

  private LaplaceLoops() {}

  /** {@code out = 1 - x}. */
  static void complement(float[] x, float[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector.broadcast(SPECIES, 1f).sub(FloatVector.fromArray(SPECIES, x, i)).intoArray(out, i);
    }
  }

  /** {@code out = e^(-max(logScale, bound))}: one over b. */
  static void inverseScale(float[] logScale, float bound, float[] out, int count) {
    for (int i = 0; i < count; i += LANES) {
      VectorMath.exp(FloatVector.fromArray(SPECIES, logScale, i).max(bound).neg()).intoArray(out, i);
    }
  }

  /**
   * The losses, to {@code mu}.
   *
   * @param a {@code -ln x}
   * @param b {@code -ln(1 - x)}
   */
  static void losses(float[] a, float[] b, float[] mu, float[] logScale, float bound, float[] inverseScale, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector minusLogX = FloatVector.fromArray(SPECIES, a, i);
      FloatVector minusLogRest = FloatVector.fromArray(SPECIES, b, i);
      FloatVector distance = minusLogRest.sub(minusLogX).sub(FloatVector.fromArray(SPECIES, mu, i)).abs();
      FloatVector rest = FloatVector.fromArray(SPECIES, logScale, i).max(bound).add(LN2).sub(minusLogX.add(minusLogRest));
      distance.fma(FloatVector.fromArray(SPECIES, inverseScale, i), rest).intoArray(mu, i);
    }
  }

  /** The gradients for mu and ln b, to {@code mu} and {@code logScale}; arguments as for {@link #losses}. */
  static void gradients(float[] a, float[] b, float[] mu, float[] logScale, float bound, float[] inverseScale, float factor, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector logit = FloatVector.fromArray(SPECIES, b, i).sub(FloatVector.fromArray(SPECIES, a, i));
      FloatVector difference = FloatVector.fromArray(SPECIES, mu, i).sub(logit);
      FloatVector inverse = FloatVector.fromArray(SPECIES, inverseScale, i);
      VectorMask<Float> negative = difference.compare(VectorOperators.LT, 0f);
      VectorMask<Float> kink = difference.compare(VectorOperators.EQ, 0f);
      FloatVector slope = inverse.mul(factor);
      slope.blend(slope.neg(), negative).blend(0f, kink).intoArray(mu, i);
      VectorMask<Float> below = FloatVector.fromArray(SPECIES, logScale, i).compare(VectorOperators.LT, bound);
      difference.abs().mul(inverse).sub(1f).mul(-factor).blend(0f, below).intoArray(logScale, i);
    }
  }

  /** {@code mu = phi^-1(sigmoid(mu))}. */
  static void pixels(float[] mu, int count) {
    for (int i = 0; i < count; i += LANES) {
      FloatVector e = VectorMath.exp(FloatVector.fromArray(SPECIES, mu, i).neg());
      FloatVector.broadcast(SPECIES, SLOPE).div(e.add(1f)).add(SHIFT).max(0f).min(1f).intoArray(mu, i);
    }
  }
}
