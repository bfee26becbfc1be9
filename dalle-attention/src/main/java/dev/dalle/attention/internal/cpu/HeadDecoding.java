package dev.dalle.attention.internal.cpu;

import static dev.dalle.attention.internal.cpu.TileProduct.LANES;
import static dev.dalle.attention.internal.cpu.TileProduct.SPECIES;

import jdk.incubator.vector.FloatVector;

/** Attention of one query of one head over keys and values that were gathered into dense rows. */
final class HeadDecoding {
  /** Working memory of one thread. */
  static final class Scratch {
    float[] q = new float[0];
    float[] k = q;
    float[] v = q;
    float[] p = q;
    float[] out = q;
    final float[] lanes = new float[LANES];

    /** Makes room. */
    void fit(int keys, int width) {
      if (q.length < width) {
        q = new float[width];
        out = new float[width];
      }
      if (k.length < keys * width) {
        k = new float[keys * width];
        v = new float[keys * width];
      }
      int padded = HeadRows.padded(keys);
      if (p.length < padded) {
        p = new float[padded];
      }
    }
  }

  private HeadDecoding() {}

  /** From {@code q} (in bits, as in {@link HeadAttention}), {@code k} and {@code v} to {@code out}. */
  static void attend(Scratch s, int keys, int width) {
    int padded = HeadRows.padded(keys);
    for (int key = 0; key < padded; key++) {
      s.p[key] = key < keys ? ScoreRows.dot(s.q, 0, s.k, key * width, width, s.lanes) : Float.NEGATIVE_INFINITY;
    }
    float sum = ScoreRows.exp2(s.p, 0, padded, ScoreRows.max(s.p, 0, padded), s.lanes);
    for (int column = 0; column < width; column += LANES) {
      weightedColumn(s.p, s.v, column, keys, width, 1 / sum, s.out);
    }
  }

  private static void weightedColumn(float[] p, float[] v, int column, int keys, int width, float factor, float[] out) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int key = 0; key < keys; key++) {
      sum = FloatVector.broadcast(SPECIES, p[key]).fma(FloatVector.fromArray(SPECIES, v, key * width + column), sum);
    }
    sum.mul(factor).intoArray(out, column);
  }
}
