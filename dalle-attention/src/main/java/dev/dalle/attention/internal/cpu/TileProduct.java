package dev.dalle.attention.internal.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code c[r, :] (+)= sum_k a[r, k] b[k, :]} for 4 rows and 1, 2 or 4 vectors of columns. Every product of attention is one of these with other
 * strides. Sums are in the order of k, whatever the number of vectors.
 *
 * <p>One loop a method and accumulators that start from a broadcast or a load: C2 then keeps them in registers and allocates nothing.
 */
final class TileProduct {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LANES = SPECIES.length();

  /** Whether 16 accumulators fit in the registers: AVX-512 has 32, AVX2 has 16 in all. */
  static final boolean WIDE = LANES >= 16;

  private TileProduct() {}

  /**
   * One vector of columns.
   *
   * @param aRow distance of rows in {@code a}
   * @param aStep distance of consecutive k in {@code a}
   * @param b0 where the columns of k = 0 begin in {@code b}
   * @param bStep distance of consecutive k in {@code b}
   * @param depth number of k
   * @param cRow distance of rows in {@code c}
   * @param accumulate whether to add to {@code c}
   */
  static void by1(float[] a, int aAt, int aRow, int aStep, float[] b, int b0, int bStep, int depth, float[] c, int cAt, int cRow,
      boolean accumulate) {
    int c1 = cAt + cRow;
    int c2 = c1 + cRow;
    int c3 = c2 + cRow;
    FloatVector s0 = FloatVector.zero(SPECIES);
    FloatVector s1 = FloatVector.zero(SPECIES);
    FloatVector s2 = FloatVector.zero(SPECIES);
    FloatVector s3 = FloatVector.zero(SPECIES);
    if (accumulate) {
      s0 = FloatVector.fromArray(SPECIES, c, cAt);
      s1 = FloatVector.fromArray(SPECIES, c, c1);
      s2 = FloatVector.fromArray(SPECIES, c, c2);
      s3 = FloatVector.fromArray(SPECIES, c, c3);
    }
    int i = aAt;
    int j = b0;
    for (int k = 0; k < depth; k++) {
      FloatVector v = FloatVector.fromArray(SPECIES, b, j);
      s0 = FloatVector.broadcast(SPECIES, a[i]).fma(v, s0);
      s1 = FloatVector.broadcast(SPECIES, a[i + aRow]).fma(v, s1);
      s2 = FloatVector.broadcast(SPECIES, a[i + 2 * aRow]).fma(v, s2);
      s3 = FloatVector.broadcast(SPECIES, a[i + 3 * aRow]).fma(v, s3);
      i += aStep;
      j += bStep;
    }
    s0.intoArray(c, cAt);
    s1.intoArray(c, c1);
    s2.intoArray(c, c2);
    s3.intoArray(c, c3);
  }

  /** Two vectors of columns, which begin at {@code b0} and {@code b1} and go side by side into {@code c}; see {@link #by1}. */
  static void by2(float[] a, int aAt, int aRow, int aStep, float[] b, int b0, int b1, int bStep, int depth, float[] c, int cAt, int cRow,
      boolean accumulate) {
    int c1 = cAt + cRow;
    int c2 = c1 + cRow;
    int c3 = c2 + cRow;
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s11 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s21 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s31 = FloatVector.zero(SPECIES);
    if (accumulate) {
      s00 = FloatVector.fromArray(SPECIES, c, cAt);
      s01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
      s10 = FloatVector.fromArray(SPECIES, c, c1);
      s11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
      s20 = FloatVector.fromArray(SPECIES, c, c2);
      s21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
      s30 = FloatVector.fromArray(SPECIES, c, c3);
      s31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
    }
    int i = aAt;
    int j = 0;
    for (int k = 0; k < depth; k++) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, b, b0 + j);
      FloatVector v1 = FloatVector.fromArray(SPECIES, b, b1 + j);
      FloatVector x0 = FloatVector.broadcast(SPECIES, a[i]);
      s00 = x0.fma(v0, s00);
      s01 = x0.fma(v1, s01);
      FloatVector x1 = FloatVector.broadcast(SPECIES, a[i + aRow]);
      s10 = x1.fma(v0, s10);
      s11 = x1.fma(v1, s11);
      FloatVector x2 = FloatVector.broadcast(SPECIES, a[i + 2 * aRow]);
      s20 = x2.fma(v0, s20);
      s21 = x2.fma(v1, s21);
      FloatVector x3 = FloatVector.broadcast(SPECIES, a[i + 3 * aRow]);
      s30 = x3.fma(v0, s30);
      s31 = x3.fma(v1, s31);
      i += aStep;
      j += bStep;
    }
    s00.intoArray(c, cAt);
    s01.intoArray(c, cAt + LANES);
    s10.intoArray(c, c1);
    s11.intoArray(c, c1 + LANES);
    s20.intoArray(c, c2);
    s21.intoArray(c, c2 + LANES);
    s30.intoArray(c, c3);
    s31.intoArray(c, c3 + LANES);
  }

  /** Four vectors of columns, which begin at {@code b0} to {@code b3} and go side by side into {@code c}; see {@link #by1}. */
  static void by4(float[] a, int aAt, int aRow, int aStep, float[] b, int b0, int b1, int b2, int b3, int bStep, int depth, float[] c, int cAt,
      int cRow, boolean accumulate) {
    int c1 = cAt + cRow;
    int c2 = c1 + cRow;
    int c3 = c2 + cRow;
    FloatVector s00 = FloatVector.zero(SPECIES);
    FloatVector s01 = FloatVector.zero(SPECIES);
    FloatVector s02 = FloatVector.zero(SPECIES);
    FloatVector s03 = FloatVector.zero(SPECIES);
    FloatVector s10 = FloatVector.zero(SPECIES);
    FloatVector s11 = FloatVector.zero(SPECIES);
    FloatVector s12 = FloatVector.zero(SPECIES);
    FloatVector s13 = FloatVector.zero(SPECIES);
    FloatVector s20 = FloatVector.zero(SPECIES);
    FloatVector s21 = FloatVector.zero(SPECIES);
    FloatVector s22 = FloatVector.zero(SPECIES);
    FloatVector s23 = FloatVector.zero(SPECIES);
    FloatVector s30 = FloatVector.zero(SPECIES);
    FloatVector s31 = FloatVector.zero(SPECIES);
    FloatVector s32 = FloatVector.zero(SPECIES);
    FloatVector s33 = FloatVector.zero(SPECIES);
    if (accumulate) {
      s00 = FloatVector.fromArray(SPECIES, c, cAt);
      s01 = FloatVector.fromArray(SPECIES, c, cAt + LANES);
      s02 = FloatVector.fromArray(SPECIES, c, cAt + 2 * LANES);
      s03 = FloatVector.fromArray(SPECIES, c, cAt + 3 * LANES);
      s10 = FloatVector.fromArray(SPECIES, c, c1);
      s11 = FloatVector.fromArray(SPECIES, c, c1 + LANES);
      s12 = FloatVector.fromArray(SPECIES, c, c1 + 2 * LANES);
      s13 = FloatVector.fromArray(SPECIES, c, c1 + 3 * LANES);
      s20 = FloatVector.fromArray(SPECIES, c, c2);
      s21 = FloatVector.fromArray(SPECIES, c, c2 + LANES);
      s22 = FloatVector.fromArray(SPECIES, c, c2 + 2 * LANES);
      s23 = FloatVector.fromArray(SPECIES, c, c2 + 3 * LANES);
      s30 = FloatVector.fromArray(SPECIES, c, c3);
      s31 = FloatVector.fromArray(SPECIES, c, c3 + LANES);
      s32 = FloatVector.fromArray(SPECIES, c, c3 + 2 * LANES);
      s33 = FloatVector.fromArray(SPECIES, c, c3 + 3 * LANES);
    }
    int i = aAt;
    int j = 0;
    for (int k = 0; k < depth; k++) {
      FloatVector v0 = FloatVector.fromArray(SPECIES, b, b0 + j);
      FloatVector v1 = FloatVector.fromArray(SPECIES, b, b1 + j);
      FloatVector v2 = FloatVector.fromArray(SPECIES, b, b2 + j);
      FloatVector v3 = FloatVector.fromArray(SPECIES, b, b3 + j);
      FloatVector x0 = FloatVector.broadcast(SPECIES, a[i]);
      s00 = x0.fma(v0, s00);
      s01 = x0.fma(v1, s01);
      s02 = x0.fma(v2, s02);
      s03 = x0.fma(v3, s03);
      FloatVector x1 = FloatVector.broadcast(SPECIES, a[i + aRow]);
      s10 = x1.fma(v0, s10);
      s11 = x1.fma(v1, s11);
      s12 = x1.fma(v2, s12);
      s13 = x1.fma(v3, s13);
      FloatVector x2 = FloatVector.broadcast(SPECIES, a[i + 2 * aRow]);
      s20 = x2.fma(v0, s20);
      s21 = x2.fma(v1, s21);
      s22 = x2.fma(v2, s22);
      s23 = x2.fma(v3, s23);
      FloatVector x3 = FloatVector.broadcast(SPECIES, a[i + 3 * aRow]);
      s30 = x3.fma(v0, s30);
      s31 = x3.fma(v1, s31);
      s32 = x3.fma(v2, s32);
      s33 = x3.fma(v3, s33);
      i += aStep;
      j += bStep;
    }
    s00.intoArray(c, cAt);
    s01.intoArray(c, cAt + LANES);
    s02.intoArray(c, cAt + 2 * LANES);
    s03.intoArray(c, cAt + 3 * LANES);
    s10.intoArray(c, c1);
    s11.intoArray(c, c1 + LANES);
    s12.intoArray(c, c1 + 2 * LANES);
    s13.intoArray(c, c1 + 3 * LANES);
    s20.intoArray(c, c2);
    s21.intoArray(c, c2 + LANES);
    s22.intoArray(c, c2 + 2 * LANES);
    s23.intoArray(c, c2 + 3 * LANES);
    s30.intoArray(c, c3);
    s31.intoArray(c, c3 + LANES);
    s32.intoArray(c, c3 + 2 * LANES);
    s33.intoArray(c, c3 + 3 * LANES);
  }

  /** Any number of adjacent vectors of columns; see {@link #by1}. */
  static void columns(float[] a, int aAt, int aRow, int aStep, float[] b, int bAt, int bStep, int depth, float[] c, int cAt, int cRow, int width,
      boolean accumulate) {
    int column = 0;
    if (WIDE) {
      for (; column + 4 * LANES <= width; column += 4 * LANES) {
        int b0 = bAt + column;
        by4(a, aAt, aRow, aStep, b, b0, b0 + LANES, b0 + 2 * LANES, b0 + 3 * LANES, bStep, depth, c, cAt + column, cRow, accumulate);
      }
    }
    for (; column + 2 * LANES <= width; column += 2 * LANES) {
      by2(a, aAt, aRow, aStep, b, bAt + column, bAt + column + LANES, bStep, depth, c, cAt + column, cRow, accumulate);
    }
    for (; column < width; column += LANES) {
      by1(a, aAt, aRow, aStep, b, bAt + column, bStep, depth, c, cAt + column, cRow, accumulate);
    }
  }
}
