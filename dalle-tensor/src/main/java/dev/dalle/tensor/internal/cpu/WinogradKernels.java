package dev.dalle.tensor.internal.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops of {@link WinogradConvolution}. Transformed data are 16 matrices, {@code step} apart; entry {@code 4 i + j} of a transformed 4 x 4 tile is in matrix
 * {@code 4 i + j}. One loop a method, accesses written out: otherwise C2 stops inlining and puts vectors into objects.
 */
final class WinogradKernels {
  /** Outputs that are computed together: their weights lie side by side. */
  static final int PANEL = 64;
  /** Rows whose sums are kept in registers together. */
  static final int ROWS = 4;
  /** Terms that are summed before they are added to the rest: so much of a panel stays in the nearest caches, and short sums round less. */
  static final int DEPTH = 128;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int LANES = SPECIES.length();
  /** Whether the 16 sums of {@link #by4} fit in the registers: AVX-512 has 32, AVX2 has 16 in all. */
  static final boolean WIDE = LANES >= 16;

  private WinogradKernels() {}

  /**
   * {@code V = B^T d B} of one tile, all channels, with the rows of {@code B^T} (1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1).
   *
   * @param d channels fastest
   * @param at byte of the tile's first element
   * @param row bytes from one row of the tile to the next
   * @param column bytes from one column to the next
   * @param channels a multiple of 16
   * @param to where the first channel goes in the first matrix
   */
  static void transformInput(MemorySegment d, long at, long row, long column, int channels, float[] v, int to, int step) {
    for (int c = 0; c < channels; c += LANES) {
      long p0 = at + 4L * c;
      long p1 = p0 + row;
      long p2 = p1 + row;
      long p3 = p2 + row;
      FloatVector a0 = FloatVector.fromMemorySegment(SPECIES, d, p0, ORDER);
      FloatVector a1 = FloatVector.fromMemorySegment(SPECIES, d, p1, ORDER);
      FloatVector a2 = FloatVector.fromMemorySegment(SPECIES, d, p2, ORDER);
      FloatVector a3 = FloatVector.fromMemorySegment(SPECIES, d, p3, ORDER);
      FloatVector t00 = a0.sub(a2);
      FloatVector t10 = a1.add(a2);
      FloatVector t20 = a2.sub(a1);
      FloatVector t30 = a1.sub(a3);
      a0 = FloatVector.fromMemorySegment(SPECIES, d, p0 + column, ORDER);
      a1 = FloatVector.fromMemorySegment(SPECIES, d, p1 + column, ORDER);
      a2 = FloatVector.fromMemorySegment(SPECIES, d, p2 + column, ORDER);
      a3 = FloatVector.fromMemorySegment(SPECIES, d, p3 + column, ORDER);
      FloatVector t01 = a0.sub(a2);
      FloatVector t11 = a1.add(a2);
      FloatVector t21 = a2.sub(a1);
      FloatVector t31 = a1.sub(a3);
      a0 = FloatVector.fromMemorySegment(SPECIES, d, p0 + 2 * column, ORDER);
      a1 = FloatVector.fromMemorySegment(SPECIES, d, p1 + 2 * column, ORDER);
      a2 = FloatVector.fromMemorySegment(SPECIES, d, p2 + 2 * column, ORDER);
      a3 = FloatVector.fromMemorySegment(SPECIES, d, p3 + 2 * column, ORDER);
      FloatVector t02 = a0.sub(a2);
      FloatVector t12 = a1.add(a2);
      FloatVector t22 = a2.sub(a1);
      FloatVector t32 = a1.sub(a3);
      a0 = FloatVector.fromMemorySegment(SPECIES, d, p0 + 3 * column, ORDER);
      a1 = FloatVector.fromMemorySegment(SPECIES, d, p1 + 3 * column, ORDER);
      a2 = FloatVector.fromMemorySegment(SPECIES, d, p2 + 3 * column, ORDER);
      a3 = FloatVector.fromMemorySegment(SPECIES, d, p3 + 3 * column, ORDER);
      int q = to + c;
      t00.sub(t02).intoArray(v, q);
      t01.add(t02).intoArray(v, q + step);
      t02.sub(t01).intoArray(v, q + 2 * step);
      t01.sub(a0.sub(a2)).intoArray(v, q + 3 * step);
      t10.sub(t12).intoArray(v, q + 4 * step);
      t11.add(t12).intoArray(v, q + 5 * step);
      t12.sub(t11).intoArray(v, q + 6 * step);
      t11.sub(a1.add(a2)).intoArray(v, q + 7 * step);
      t20.sub(t22).intoArray(v, q + 8 * step);
      t21.add(t22).intoArray(v, q + 9 * step);
      t22.sub(t21).intoArray(v, q + 10 * step);
      t21.sub(a2.sub(a1)).intoArray(v, q + 11 * step);
      t30.sub(t32).intoArray(v, q + 12 * step);
      t31.add(t32).intoArray(v, q + 13 * step);
      t32.sub(t31).intoArray(v, q + 14 * step);
      t31.sub(a1.sub(a3)).intoArray(v, q + 15 * step);
    }
  }

  /**
   * {@code U = G g G^T} of the kernels from one input to {@link #PANEL} outputs, with the rows of {@code G} (1, 0, 0), (1/2, 1/2, 1/2), (1/2, -1/2, 1/2), (0, 0, 1).
   *
   * @param g the 9 weights of a kernel, row by row, each of all outputs side by side
   * @param at where they begin
   * @param to byte of the first matrix
   * @param step bytes
   */
  static void transformWeights(float[] g, int at, MemorySegment u, long to, long step) {
    for (int c = 0; c < PANEL; c += LANES) {
      int p = at + c;
      FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
      FloatVector a = FloatVector.fromArray(SPECIES, g, p);
      FloatVector b = FloatVector.fromArray(SPECIES, g, p + 3 * PANEL);
      FloatVector d = FloatVector.fromArray(SPECIES, g, p + 6 * PANEL);
      FloatVector s = a.add(d);
      FloatVector t00 = a;
      FloatVector t10 = s.add(b).mul(half);
      FloatVector t20 = s.sub(b).mul(half);
      FloatVector t30 = d;
      a = FloatVector.fromArray(SPECIES, g, p + PANEL);
      b = FloatVector.fromArray(SPECIES, g, p + 4 * PANEL);
      d = FloatVector.fromArray(SPECIES, g, p + 7 * PANEL);
      s = a.add(d);
      FloatVector t01 = a;
      FloatVector t11 = s.add(b).mul(half);
      FloatVector t21 = s.sub(b).mul(half);
      FloatVector t31 = d;
      a = FloatVector.fromArray(SPECIES, g, p + 2 * PANEL);
      b = FloatVector.fromArray(SPECIES, g, p + 5 * PANEL);
      d = FloatVector.fromArray(SPECIES, g, p + 8 * PANEL);
      s = a.add(d);
      FloatVector t12 = s.add(b).mul(half);
      FloatVector t22 = s.sub(b).mul(half);
      long q = to + 4L * c;
      s = t00.add(a);
      t00.intoMemorySegment(u, q, ORDER);
      s.add(t01).mul(half).intoMemorySegment(u, q + step, ORDER);
      s.sub(t01).mul(half).intoMemorySegment(u, q + 2 * step, ORDER);
      a.intoMemorySegment(u, q + 3 * step, ORDER);
      s = t10.add(t12);
      t10.intoMemorySegment(u, q + 4 * step, ORDER);
      s.add(t11).mul(half).intoMemorySegment(u, q + 5 * step, ORDER);
      s.sub(t11).mul(half).intoMemorySegment(u, q + 6 * step, ORDER);
      t12.intoMemorySegment(u, q + 7 * step, ORDER);
      s = t20.add(t22);
      t20.intoMemorySegment(u, q + 8 * step, ORDER);
      s.add(t21).mul(half).intoMemorySegment(u, q + 9 * step, ORDER);
      s.sub(t21).mul(half).intoMemorySegment(u, q + 10 * step, ORDER);
      t22.intoMemorySegment(u, q + 11 * step, ORDER);
      s = t30.add(d);
      t30.intoMemorySegment(u, q + 12 * step, ORDER);
      s.add(t31).mul(half).intoMemorySegment(u, q + 13 * step, ORDER);
      s.sub(t31).mul(half).intoMemorySegment(u, q + 14 * step, ORDER);
      d.intoMemorySegment(u, q + 15 * step, ORDER);
    }
  }

  /**
   * {@code Y = A^T m A + bias} of one tile and {@link #PANEL} outputs, with the rows of {@code A^T} (1, 1, 1, 0), (0, 1, -1, -1).
   *
   * @param at where the first output lies in the first matrix
   * @param biasAt byte of the first output's bias
   * @param to byte of the first of the 2 x 2 results
   * @param row bytes from one row of results to the next
   * @param column bytes from one column to the next
   */
  static void transformOutput(float[] m, int at, int step, MemorySegment bias, long biasAt, MemorySegment y, long to, long row, long column) {
    for (int c = 0; c < PANEL; c += LANES) {
      int p = at + c;
      FloatVector b = FloatVector.fromMemorySegment(SPECIES, bias, biasAt + 4L * c, ORDER);
      FloatVector a1 = FloatVector.fromArray(SPECIES, m, p + 4 * step);
      FloatVector a2 = FloatVector.fromArray(SPECIES, m, p + 8 * step);
      FloatVector s0 = FloatVector.fromArray(SPECIES, m, p).add(a1).add(a2);
      FloatVector r0 = a1.sub(a2).sub(FloatVector.fromArray(SPECIES, m, p + 12 * step));
      a1 = FloatVector.fromArray(SPECIES, m, p + 5 * step);
      a2 = FloatVector.fromArray(SPECIES, m, p + 9 * step);
      FloatVector s1 = FloatVector.fromArray(SPECIES, m, p + step).add(a1).add(a2);
      FloatVector r1 = a1.sub(a2).sub(FloatVector.fromArray(SPECIES, m, p + 13 * step));
      a1 = FloatVector.fromArray(SPECIES, m, p + 6 * step);
      a2 = FloatVector.fromArray(SPECIES, m, p + 10 * step);
      FloatVector s2 = FloatVector.fromArray(SPECIES, m, p + 2 * step).add(a1).add(a2);
      FloatVector r2 = a1.sub(a2).sub(FloatVector.fromArray(SPECIES, m, p + 14 * step));
      a1 = FloatVector.fromArray(SPECIES, m, p + 7 * step);
      a2 = FloatVector.fromArray(SPECIES, m, p + 11 * step);
      FloatVector s3 = FloatVector.fromArray(SPECIES, m, p + 3 * step).add(a1).add(a2);
      FloatVector r3 = a1.sub(a2).sub(FloatVector.fromArray(SPECIES, m, p + 15 * step));
      long q = to + 4L * c;
      s0.add(s1).add(s2).add(b).intoMemorySegment(y, q, ORDER);
      s1.sub(s2).sub(s3).add(b).intoMemorySegment(y, q + column, ORDER);
      r0.add(r1).add(r2).add(b).intoMemorySegment(y, q + row, ORDER);
      r1.sub(r2).sub(r3).add(b).intoMemorySegment(y, q + row + column, ORDER);
    }
  }

  /**
   * {@code m[r, :] = sum_k v[r, k] u[k, :]}, {@link #PANEL} columns. {@link #DEPTH} terms at a time are summed in the order of k, then added to the sum so far.
   *
   * @param vRow number of k, and the distance of rows in {@code v}
   * @param rows a multiple of {@link #ROWS}
   * @param uAt byte of the panel's first weight
   */
  static void multiply(float[] v, int vAt, int vRow, int rows, MemorySegment u, long uAt, float[] m, int mAt) {
    for (int k = 0; k < vRow; k += DEPTH) {
      int depth = Math.min(DEPTH, vRow - k);
      long panel = uAt + 4L * PANEL * k;
      for (int r = 0; r < rows; r += ROWS) {
        for (int c = 0; c < PANEL; c += 4 * LANES) {
          by4(v, vAt + r * vRow + k, vRow, u, panel + 4L * c, depth, m, mAt + r * PANEL + c, k > 0);
        }
      }
    }
  }

  /** Four rows and four vectors of columns. */
  private static void by4(float[] v, int vAt, int vRow, MemorySegment u, long uAt, int depth, float[] m, int m0, boolean accumulate) {
    int m1 = m0 + PANEL;
    int m2 = m1 + PANEL;
    int m3 = m2 + PANEL;
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
    long at = uAt;
    for (int k = vAt; k < vAt + depth; k++) {
      FloatVector u0 = FloatVector.fromMemorySegment(SPECIES, u, at, ORDER);
      FloatVector u1 = FloatVector.fromMemorySegment(SPECIES, u, at + 4 * LANES, ORDER);
      FloatVector u2 = FloatVector.fromMemorySegment(SPECIES, u, at + 8 * LANES, ORDER);
      FloatVector u3 = FloatVector.fromMemorySegment(SPECIES, u, at + 12 * LANES, ORDER);
      FloatVector x0 = FloatVector.broadcast(SPECIES, v[k]);
      s00 = x0.fma(u0, s00);
      s01 = x0.fma(u1, s01);
      s02 = x0.fma(u2, s02);
      s03 = x0.fma(u3, s03);
      FloatVector x1 = FloatVector.broadcast(SPECIES, v[k + vRow]);
      s10 = x1.fma(u0, s10);
      s11 = x1.fma(u1, s11);
      s12 = x1.fma(u2, s12);
      s13 = x1.fma(u3, s13);
      FloatVector x2 = FloatVector.broadcast(SPECIES, v[k + 2 * vRow]);
      s20 = x2.fma(u0, s20);
      s21 = x2.fma(u1, s21);
      s22 = x2.fma(u2, s22);
      s23 = x2.fma(u3, s23);
      FloatVector x3 = FloatVector.broadcast(SPECIES, v[k + 3 * vRow]);
      s30 = x3.fma(u0, s30);
      s31 = x3.fma(u1, s31);
      s32 = x3.fma(u2, s32);
      s33 = x3.fma(u3, s33);
      at += 4 * PANEL;
    }
    if (accumulate) {
      s00 = s00.add(FloatVector.fromArray(SPECIES, m, m0));
      s01 = s01.add(FloatVector.fromArray(SPECIES, m, m0 + LANES));
      s02 = s02.add(FloatVector.fromArray(SPECIES, m, m0 + 2 * LANES));
      s03 = s03.add(FloatVector.fromArray(SPECIES, m, m0 + 3 * LANES));
      s10 = s10.add(FloatVector.fromArray(SPECIES, m, m1));
      s11 = s11.add(FloatVector.fromArray(SPECIES, m, m1 + LANES));
      s12 = s12.add(FloatVector.fromArray(SPECIES, m, m1 + 2 * LANES));
      s13 = s13.add(FloatVector.fromArray(SPECIES, m, m1 + 3 * LANES));
      s20 = s20.add(FloatVector.fromArray(SPECIES, m, m2));
      s21 = s21.add(FloatVector.fromArray(SPECIES, m, m2 + LANES));
      s22 = s22.add(FloatVector.fromArray(SPECIES, m, m2 + 2 * LANES));
      s23 = s23.add(FloatVector.fromArray(SPECIES, m, m2 + 3 * LANES));
      s30 = s30.add(FloatVector.fromArray(SPECIES, m, m3));
      s31 = s31.add(FloatVector.fromArray(SPECIES, m, m3 + LANES));
      s32 = s32.add(FloatVector.fromArray(SPECIES, m, m3 + 2 * LANES));
      s33 = s33.add(FloatVector.fromArray(SPECIES, m, m3 + 3 * LANES));
    }
    s00.intoArray(m, m0);
    s01.intoArray(m, m0 + LANES);
    s02.intoArray(m, m0 + 2 * LANES);
    s03.intoArray(m, m0 + 3 * LANES);
    s10.intoArray(m, m1);
    s11.intoArray(m, m1 + LANES);
    s12.intoArray(m, m1 + 2 * LANES);
    s13.intoArray(m, m1 + 3 * LANES);
    s20.intoArray(m, m2);
    s21.intoArray(m, m2 + LANES);
    s22.intoArray(m, m2 + 2 * LANES);
    s23.intoArray(m, m2 + 3 * LANES);
    s30.intoArray(m, m3);
    s31.intoArray(m, m3 + LANES);
    s32.intoArray(m, m3 + 2 * LANES);
    s33.intoArray(m, m3 + 3 * LANES);
  }
}
