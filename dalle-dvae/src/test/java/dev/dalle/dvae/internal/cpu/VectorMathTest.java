package dev.dalle.dvae.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class VectorMathTest {
  private static float[] apply(UnaryOperator<FloatVector> f, float[] x) {
    float[] padded = java.util.Arrays.copyOf(x, VectorMath.padded(x.length));
    for (int i = 0; i < padded.length; i += VectorMath.LANES) {
      f.apply(FloatVector.fromArray(VectorMath.SPECIES, padded, i)).intoArray(padded, i);
    }
    return java.util.Arrays.copyOf(padded, x.length);
  }

  private static void check(UnaryOperator<FloatVector> f, DoubleUnaryOperator right, float[] x) {
    float[] found = apply(f, x);
    for (int i = 0; i < x.length; i++) {
      double expected = right.applyAsDouble(x[i]);
      assertTrue(Math.abs(found[i] - expected) <= VectorMath.RELATIVE_ERROR * Math.abs(expected),
          "of " + x[i] + ": expected " + expected + ", got " + found[i]);
    }
  }

  @Test
  void exponential() {
    float[] x = new float[100_003];
    for (int i = 0; i < x.length; i++) {
      x[i] = VectorMath.LEAST_EXPONENT + i * (VectorMath.GREATEST_EXPONENT - VectorMath.LEAST_EXPONENT) / x.length;
    }
    check(VectorMath::exp, Math::exp, x);
    check(VectorMath::exp, Math::exp, new float[] {0, -0f, Float.MIN_VALUE, 1, -1, 0.34657f, -0.34658f, 1e-8f});
    float[] ends = apply(VectorMath::exp, new float[] {-1e30f, Float.NEGATIVE_INFINITY, 1e30f, Float.NaN});
    assertTrue(ends[0] > 0 && ends[0] < 2e-38f && ends[1] == ends[0], "clamped below");
    assertTrue(ends[2] > 2e38f && Float.isFinite(ends[2]), "clamped above");
    assertEquals(Float.NaN, ends[3]);
  }

  @Test
  void logarithm() {
    float[] x = new float[100_003];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) Math.exp(-87 + i * 175.0 / x.length);
    }
    check(VectorMath::log, Math::log, x);
    // Relative to the result, also where that is close to 0.
    float[] nearOne = new float[2001];
    for (int i = 0; i < nearOne.length; i++) {
      nearOne[i] = Float.intBitsToFloat(Float.floatToRawIntBits(1f) + i - 1000);
    }
    check(VectorMath::log, Math::log, nearOne);
    float[] wholeUnit = new float[100_000];
    for (int i = 0; i < wholeUnit.length; i++) {
      wholeUnit[i] = (i + 0.5f) / wholeUnit.length;
    }
    check(VectorMath::log, Math::log, wholeUnit);
  }
}
