package dev.dalle.dvae.internal.cpu;

import static dev.dalle.dvae.internal.cpu.VectorMath.LANES;
import static dev.dalle.dvae.internal.cpu.VectorMath.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Loops of {@link ScreeningWork}, one a method, over arrays of whole vectors. Lanes are added in a written order. */
final class ScreeningLoops {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private ScreeningLoops() {}

  private static float sum(float[] lanes) {
    float sum = 0;
    for (int i = 0; i < LANES; i++) {
      sum += lanes[i];
    }
    return sum;
  }

  static float squares(float[] x, float[] lanes) {
    FloatVector sum = FloatVector.broadcast(SPECIES, 0);
    for (int i = 0; i < x.length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      sum = v.fma(v, sum);
    }
    sum.intoArray(lanes, 0);
    return sum(lanes);
  }

  /** Of the differences to the nearest numbers of BF16, ties to even. */
  static float lostSquares(float[] x, float[] lanes) {
    FloatVector sum = FloatVector.broadcast(SPECIES, 0);
    for (int i = 0; i < x.length; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, x, i);
      IntVector bits = v.reinterpretAsInts();
      IntVector rounded = bits.add(bits.lanewise(VectorOperators.LSHR, 16).and(1)).add(0x7FFF).and(0xFFFF0000);
      FloatVector lost = v.sub(rounded.reinterpretAsFloats());
      sum = lost.fma(lost, sum);
    }
    sum.intoArray(lanes, 0);
    return sum(lanes);
  }

  /** {@code errors = a * norms + b * roundings + least}. */
  static void errors(float[] norms, float[] roundings, float a, float b, float least, float[] errors) {
    for (int i = 0; i < errors.length; i += LANES) {
      FloatVector.fromArray(SPECIES, norms, i).mul(a).add(FloatVector.fromArray(SPECIES, roundings, i).mul(b)).add(least).intoArray(errors, i);
    }
  }

  static void addBias(float[] scores, float[] bias) {
    for (int i = 0; i < scores.length; i += LANES) {
      FloatVector.fromArray(SPECIES, scores, i).add(FloatVector.fromArray(SPECIES, bias, i)).intoArray(scores, i);
    }
  }

  /** Whether every number is finite. */
  static boolean finite(float[] x, float[] lanes) {
    FloatVector sum = FloatVector.broadcast(SPECIES, 0);
    for (int i = 0; i < x.length; i += LANES) {
      sum = sum.add(FloatVector.fromArray(SPECIES, x, i).mul(0));
    }
    sum.intoArray(lanes, 0);
    return sum(lanes) == 0;
  }

  /** What the greatest score is at least. */
  static float greatestLessError(float[] scores, float[] errors, float[] lanes) {
    FloatVector greatest = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < scores.length; i += LANES) {
      FloatVector lower = FloatVector.fromArray(SPECIES, scores, i).sub(FloatVector.fromArray(SPECIES, errors, i));
      greatest = greatest.blend(lower, lower.compare(VectorOperators.GT, greatest));
    }
    greatest.intoArray(lanes, 0);
    float result = lanes[0];
    for (int i = 1; i < LANES; i++) {
      result = Math.max(result, lanes[i]);
    }
    return result;
  }

  /** Which of a vector's codes can be the greatest: a bit for each. */
  static long possible(float[] scores, float[] errors, int from, float least) {
    FloatVector upper = FloatVector.fromArray(SPECIES, scores, from).add(FloatVector.fromArray(SPECIES, errors, from));
    VectorMask<Float> mask = upper.compare(VectorOperators.GE, least);
    return mask.toLong();
  }

  /** Product of a row in an array, padded by zeros, with one in memory, that is not. */
  static float dot(float[] x, MemorySegment weight, long offset, int width, float[] lanes) {
    FloatVector sum = FloatVector.broadcast(SPECIES, 0);
    int whole = width / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      sum = FloatVector.fromMemorySegment(SPECIES, weight, offset + 4L * i, ORDER).fma(FloatVector.fromArray(SPECIES, x, i), sum);
    }
    sum.intoArray(lanes, 0);
    float rest = 0;
    for (int i = whole; i < width; i++) {
      rest += x[i] * weight.get(JAVA_FLOAT_UNALIGNED, offset + 4L * i);
    }
    return sum(lanes) + rest;
  }
}
