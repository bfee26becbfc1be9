package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Attention of one head in double, pair by pair, for what F32 cannot hold: numbers so great that scores or sums overflow. Such results become the greatest
 * numbers of their type instead of infinities and the NaNs that follow from them; but in F16, whose range gradients leave all the time, infinities, as from any
 * other kernel: training in F16 watches for them. Hundreds of times slower than the kernels, and only ever called when one of
 * them made something that is not finite out of numbers that are, or when scores are beyond {@link #GREATEST_SUM}.
 */
final class ExactHead {
  /** Log-sum-exps beyond this leave F32 less than a tenth of precision for the probabilities that backward computes from them. */
  static final float GREATEST_SUM = 1e6f;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  /** The greatest number of BF16. */
  private static final float GREATEST_BFLOAT = Float.intBitsToFloat(0x7F7F0000);

  private final AttentionPattern pattern;
  private final HeadLayout layout;
  private final long task;
  private final double[][] q;
  private final double[][] k;
  private final double[][] v;

  ExactHead(AttentionPattern pattern, HeadLayout layout, long task, MemorySegment qkv) {
    this.pattern = pattern;
    this.layout = layout;
    this.task = task;
    q = rows(qkv, layout.first(task, 0), layout.stride());
    k = rows(qkv, layout.first(task, 1), layout.stride());
    v = rows(qkv, layout.first(task, 2), layout.stride());
  }

  /** Whether all inputs are finite: if not, results that are not either are right. */
  boolean inputsAreFinite() {
    return isFinite(q) && isFinite(k) && isFinite(v);
  }

  /** Whether the gradient of the output is finite: if not, neither need be what follows from it. */
  boolean isFinite(MemorySegment gradOut) {
    return isFinite(rows(gradOut, layout.outFirst(task), layout.outStride()));
  }

  /** Writes the rows of the output, and the log-sum-exps, that are not finite once more. */
  void forward(MemorySegment out, MemorySegment logSumExp) {
    for (int query = 0; query < layout.states(); query++) {
      long sumAt = Float.BYTES * (task * layout.states() + query);
      if (Float.isFinite(logSumExp.get(FLOAT, sumAt)) && isFinite(row(out, layout.outFirst(task) + query * layout.outStride()))) {
        continue;
      }
      double[] p = new double[layout.states()];
      double sum = probabilities(query, p);
      double[] result = new double[layout.depth()];
      for (int key = 0; key < p.length; key++) {
        add(p[key], v[key], result);
      }
      store(result, 1, out, layout.outFirst(task) + query * layout.outStride());
      logSumExp.set(FLOAT, sumAt, (float) clamped(sum, Float.MAX_VALUE));
    }
  }

  /** Writes the whole gradient once more. */
  void backward(MemorySegment gradOut, MemorySegment gradQkv) {
    double[][] g = rows(gradOut, layout.outFirst(task), layout.outStride());
    double[][] gradQ = new double[layout.states()][layout.depth()];
    double[][] gradK = new double[layout.states()][layout.depth()];
    double[][] gradV = new double[layout.states()][layout.depth()];
    for (int query = 0; query < layout.states(); query++) {
      double[] p = new double[layout.states()];
      probabilities(query, p);
      double[] gradP = new double[p.length];
      double mean = 0;
      for (int key = 0; key < p.length; key++) {
        gradP[key] = p[key] == 0 ? 0 : dot(g[query], v[key]);
        mean += p[key] * gradP[key];
        add(p[key], g[query], gradV[key]);
      }
      for (int key = 0; key < p.length; key++) {
        double gradScore = p[key] * (gradP[key] - mean);
        add(gradScore, k[key], gradQ[query]);
        add(gradScore, q[query], gradK[key]);
      }
    }
    double scale = 1 / Math.sqrt(layout.depth());
    for (int state = 0; state < layout.states(); state++) {
      store(gradQ[state], scale, gradQkv, layout.first(task, 0) + state * layout.stride());
      store(gradK[state], scale, gradQkv, layout.first(task, 1) + state * layout.stride());
      store(gradV[state], 1, gradQkv, layout.first(task, 2) + state * layout.stride());
    }
  }

  /** Fills in the softmax of a query's scores and returns their log-sum-exp. */
  private double probabilities(int query, double[] p) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (int key = 0; key < p.length; key++) {
      p[key] = pattern.attends(query, key) ? dot(q[query], k[key]) / Math.sqrt(layout.depth()) : Double.NEGATIVE_INFINITY;
      greatest = Math.max(greatest, p[key]);
    }
    double sum = 0;
    for (int key = 0; key < p.length; key++) {
      p[key] = Math.exp(p[key] - greatest);
      sum += p[key];
    }
    for (int key = 0; key < p.length; key++) {
      p[key] /= sum;
    }
    return greatest + Math.log(sum);
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int d = 0; d < a.length; d++) {
      sum += a[d] * b[d];
    }
    return sum;
  }

  private static void add(double factor, double[] row, double[] to) {
    for (int d = 0; d < to.length && factor != 0; d++) {
      to[d] += factor * row[d];
    }
  }

  private double[][] rows(MemorySegment from, long first, long stride) {
    double[][] rows = new double[layout.states()][];
    for (int state = 0; state < rows.length; state++) {
      rows[state] = row(from, first + state * stride);
    }
    return rows;
  }

  private double[] row(MemorySegment from, long at) {
    double[] row = new double[layout.depth()];
    for (int d = 0; d < row.length; d++) {
      row[d] = HeadRows.number(from, layout.dtype(), at + d);
    }
    return row;
  }

  private void store(double[] row, double factor, MemorySegment to, long at) {
    for (int d = 0; d < row.length; d++) {
      double value = factor * row[d];
      switch (layout.dtype()) {
        case F32 -> to.set(FLOAT, 4 * (at + d), (float) clamped(value, Float.MAX_VALUE));
        case BF16 -> to.set(SHORT, 2 * (at + d), HeadRows.bfloat((float) clamped(value, GREATEST_BFLOAT)));
        default -> to.set(SHORT, 2 * (at + d), HeadRows.half((float) value));
      }
    }
  }

  private static double clamped(double value, double most) {
    return Math.clamp(value, -most, most);
  }

  private static boolean isFinite(double[][] rows) {
    for (double[] row : rows) {
      if (!isFinite(row)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFinite(double[] row) {
    for (double value : row) {
      if (!Double.isFinite(value)) {
        return false;
      }
    }
    return true;
  }
}
