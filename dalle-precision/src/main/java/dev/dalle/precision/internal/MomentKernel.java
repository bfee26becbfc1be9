package dev.dalle.precision.internal;

import static dev.dalle.precision.internal.Lanes.FLOAT;
import static dev.dalle.precision.internal.Lanes.FLOATS;
import static dev.dalle.precision.internal.Lanes.INTS;
import static dev.dalle.precision.internal.Lanes.ORDER;
import static dev.dalle.precision.internal.Lanes.SHORT;
import static dev.dalle.precision.internal.Lanes.SHORTS;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.optimizer.AdamWConfig;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Both moments of a tile, and the direction of the step that follows from them: the mean over the corrected root of the variance. Loops over vectors and over
 * what is left of one do the same correctly rounded operations in the same order, so an element's bits depend neither on the vector length nor on how ranges
 * are cut.
 *
 * @param factor multiplies gradients
 * @param beta1 decay of the mean
 * @param share1 1 - beta1
 * @param beta2 decay of the variance
 * @param share2 1 - beta2
 * @param limit greatest variance
 * @param rootCorrection 1 / sqrt(1 - beta2^t)
 * @param epsilon added to the root
 */
record MomentKernel(float factor, float beta1, float share1, float beta2, float share2, float limit, float rootCorrection, float epsilon) {
  // Both formats have the exponent bias 60, the float has 127. A code is the upper part of a float's magnitude with another exponent bias.
  private static final int BIAS = 127 - 60;
  private static final int MEAN_CUT = 23 - FloatFormat.F1_6_9.significandBits();
  private static final int MEAN_GREATEST = Float.floatToRawIntBits(FloatFormat.F1_6_9.max());
  private static final int MEAN_LEAST = Float.floatToRawIntBits(FloatFormat.F1_6_9.smallest());
  private static final int VARIANCE_CUT = 23 - FloatFormat.F0_6_10.significandBits();
  private static final int VARIANCE_GREATEST = Float.floatToRawIntBits(FloatFormat.F0_6_10.max());
  private static final int VARIANCE_LEAST = Float.floatToRawIntBits(FloatFormat.F0_6_10.smallest());
  private static final int MAGNITUDE = 0x7FFF_FFFF;
  /** Sign and magnitude of a code of the mean that was widened to 32 bits with its sign, and shifted to the float's significand. */
  private static final int SIGN_AND_CODE = 0x8000_0000 | 0x7FFF << MEAN_CUT;

  /** For update number t. */
  static MomentKernel of(AdamWConfig config, float factor, int t) {
    return new MomentKernel(factor, (float) config.beta1(), (float) (1 - config.beta1()), (float) config.beta2(), (float) (1 - config.beta2()),
        (float) config.varianceLimit(), (float) (1 / Math.sqrt(1 - Math.pow(config.beta2(), t))), (float) config.epsilon());
  }

  /**
   * Moments in F32.
   *
   * @param g gradient
   * @param m mean
   * @param v variance
   * @param at first element in all three
   * @param directions the first {@code count} are written
   */
  void floats(MemorySegment g, MemorySegment m, MemorySegment v, long at, int count, float[] directions) {
    int whole = FLOATS.loopBound(count);
    floatVectors(g, m, v, 4 * at, whole, directions);
    for (int i = whole; i < count; i++) {
      long place = 4 * (at + i);
      float grad = g.get(FLOAT, place) * factor;
      float mean = Math.fma(m.get(FLOAT, place), beta1, grad * share1);
      float variance = Math.min(Math.fma(v.get(FLOAT, place), beta2, grad * grad * share2), limit);
      m.set(FLOAT, place, mean);
      v.set(FLOAT, place, variance);
      directions[i] = mean / Math.fma((float) Math.sqrt(variance), rootCorrection, epsilon);
    }
  }

  private void floatVectors(MemorySegment g, MemorySegment m, MemorySegment v, long base, int count, float[] directions) {
    FloatVector factors = FloatVector.broadcast(FLOATS, factor);
    FloatVector decay1 = FloatVector.broadcast(FLOATS, beta1);
    FloatVector new1 = FloatVector.broadcast(FLOATS, share1);
    FloatVector decay2 = FloatVector.broadcast(FLOATS, beta2);
    FloatVector new2 = FloatVector.broadcast(FLOATS, share2);
    FloatVector limits = FloatVector.broadcast(FLOATS, limit);
    FloatVector root = FloatVector.broadcast(FLOATS, rootCorrection);
    FloatVector eps = FloatVector.broadcast(FLOATS, epsilon);
    for (int i = 0; i < count; i += FLOATS.length()) {
      long place = base + 4L * i;
      FloatVector grad = FloatVector.fromMemorySegment(FLOATS, g, place, ORDER).mul(factors);
      FloatVector mean = FloatVector.fromMemorySegment(FLOATS, m, place, ORDER).fma(decay1, grad.mul(new1));
      FloatVector variance = FloatVector.fromMemorySegment(FLOATS, v, place, ORDER).fma(decay2, grad.mul(grad).mul(new2));
      // Not min: it also orders zeros and NaN, in several instructions.
      variance = variance.blend(limits, variance.compare(VectorOperators.GT, limits));
      mean.intoMemorySegment(m, place, ORDER);
      variance.intoMemorySegment(v, place, ORDER);
      mean.div(variance.sqrt().fma(root, eps)).intoArray(directions, i);
    }
  }

  /** Moments in 16 bits; as {@link #floats}. Directions come from the moments before they are rounded. */
  void codes(MemorySegment g, MemorySegment m, MemorySegment v, long at, int count, float[] directions) {
    int whole = FLOATS.loopBound(count);
    codeVectors(g, m, v, at, whole, directions);
    for (int i = whole; i < count; i++) {
      float grad = g.get(FLOAT, 4 * (at + i)) * factor;
      float mean = Math.fma(mean(m.get(SHORT, 2 * (at + i))), beta1, grad * share1);
      float variance = Math.min(Math.fma(variance(v.get(SHORT, 2 * (at + i)) & 0xFFFF), beta2, grad * grad * share2), limit);
      m.set(SHORT, 2 * (at + i), meanCode(mean));
      v.set(SHORT, 2 * (at + i), varianceCode(variance));
      directions[i] = mean / Math.fma((float) Math.sqrt(variance), rootCorrection, epsilon);
    }
  }

  private static float mean(int code) {
    return code == 0 ? 0 : Float.intBitsToFloat((code << MEAN_CUT & SIGN_AND_CODE) + (BIAS << 23));
  }

  private static float variance(int code) {
    return code == 0 ? 0 : Float.intBitsToFloat((code << VARIANCE_CUT) + (BIAS << 23));
  }

  private static short meanCode(float mean) {
    int magnitude = Math.min(Float.floatToRawIntBits(mean) & MAGNITUDE, MEAN_GREATEST);
    if (magnitude < MEAN_LEAST) {
      return 0;
    }
    int code = (magnitude + (1 << MEAN_CUT - 1) >>> MEAN_CUT) - (BIAS << 23 - MEAN_CUT);
    return (short) (mean < 0 ? code | 0x8000 : code);
  }

  private static short varianceCode(float variance) {
    int magnitude = Math.min(Float.floatToRawIntBits(variance) & MAGNITUDE, VARIANCE_GREATEST);
    return (short) (magnitude < VARIANCE_LEAST ? 0 : (magnitude + (1 << VARIANCE_CUT - 1) >>> VARIANCE_CUT) - (BIAS << 23 - VARIANCE_CUT));
  }

  private void codeVectors(MemorySegment g, MemorySegment m, MemorySegment v, long at, int count, float[] directions) {
    FloatVector factors = FloatVector.broadcast(FLOATS, factor);
    FloatVector decay1 = FloatVector.broadcast(FLOATS, beta1);
    FloatVector new1 = FloatVector.broadcast(FLOATS, share1);
    FloatVector decay2 = FloatVector.broadcast(FLOATS, beta2);
    FloatVector new2 = FloatVector.broadcast(FLOATS, share2);
    FloatVector limits = FloatVector.broadcast(FLOATS, limit);
    FloatVector root = FloatVector.broadcast(FLOATS, rootCorrection);
    FloatVector eps = FloatVector.broadcast(FLOATS, epsilon);
    for (int i = 0; i < count; i += FLOATS.length()) {
      long place = 2 * at + 2L * i;
      // Signed codes: the sign fills the upper half, and what of it is below bit 31 is masked away. Code 0 is 0, also without the bias.
      IntVector c = (IntVector) ShortVector.fromMemorySegment(SHORTS, m, place, ORDER).convertShape(VectorOperators.S2I, INTS, 0);
      FloatVector oldMean = c.lanewise(VectorOperators.LSHL, MEAN_CUT).and(SIGN_AND_CODE).add(BIAS << 23, c.compare(VectorOperators.NE, 0))
          .reinterpretAsFloats();
      IntVector d = (IntVector) ShortVector.fromMemorySegment(SHORTS, v, place, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
      FloatVector oldVariance = d.lanewise(VectorOperators.LSHL, VARIANCE_CUT).add(BIAS << 23, d.compare(VectorOperators.NE, 0)).reinterpretAsFloats();

      FloatVector grad = FloatVector.fromMemorySegment(FLOATS, g, 2 * place, ORDER).mul(factors);
      FloatVector mean = oldMean.fma(decay1, grad.mul(new1));
      FloatVector variance = oldVariance.fma(decay2, grad.mul(grad).mul(new2));
      variance = variance.blend(limits, variance.compare(VectorOperators.GT, limits));
      mean.div(variance.sqrt().fma(root, eps)).intoArray(directions, i);

      // NaN has the greatest magnitude of all, so it saturates, and is not below zero.
      IntVector magnitude = mean.reinterpretAsInts().and(MAGNITUDE).min(MEAN_GREATEST);
      IntVector code = magnitude.add((1 << MEAN_CUT - 1) - (BIAS << 23)).lanewise(VectorOperators.LSHR, MEAN_CUT)
          .lanewise(VectorOperators.OR, 0x8000, mean.compare(VectorOperators.LT, 0).cast(INTS)).blend(0, magnitude.lt(MEAN_LEAST));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(m, place, ORDER);
      magnitude = variance.reinterpretAsInts().lanewise(VectorOperators.UMIN, VARIANCE_GREATEST);
      code = magnitude.add((1 << VARIANCE_CUT - 1) - (BIAS << 23)).lanewise(VectorOperators.LSHR, VARIANCE_CUT).blend(0, magnitude.lt(VARIANCE_LEAST));
      ((ShortVector) code.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(v, place, ORDER);
    }
  }
}
