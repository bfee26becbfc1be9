package dev.dalle.dvae.internal.cpu;

import static dev.dalle.dvae.internal.cpu.VectorMath.LANES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Greatest of linear scores of which rough products are known. Arrays of one thread, in whole vectors.
 *
 * <p>With h for what is rounded to BF16 and r for what rounding took away, {@code |x.w - hx.hw| <= |rx| |w| + |hx| |rw|}, and the sum of n rounded products is off
 * by at most {@code n 2^-23} times the product of the norms. So the score of code k is within {@code a |w_k| + b |rw_k|} of what is known.
 */
final class ScreeningWork {
  /** The norms are sums in 32 bits of thousands of squares; this is more than their roundings, and no product near the smallest numbers is missed. */
  private static final float SLACK = 1.0005f;
  private static final float LEAST = 1e-30f;

  private final int width;
  private final int codes;
  private final float[] row;
  private final float[] norms;
  private final float[] roundings;
  private final float[] bias;
  private final float[] scores;
  private final float[] errors;
  private final float[] lanes = new float[LANES];

  ScreeningWork(int width, int codes) {
    this.width = width;
    this.codes = codes;
    row = new float[padded(width)];
    norms = new float[padded(codes)];
    roundings = new float[padded(codes)];
    bias = new float[padded(codes)];
    scores = new float[padded(codes)];
    errors = new float[padded(codes)];
  }

  private static int padded(int count) {
    return Math.ceilDiv(count, LANES) * LANES;
  }

  /** {@link dev.dalle.dvae.DvaeOps#roundingNorms} of a row. */
  void norms(MemorySegment x, long n, MemorySegment out) {
    MemorySegment.copy(x, JAVA_FLOAT, 4 * n * width, row, 0, width);
    float squares = ScreeningLoops.squares(row, lanes);
    float lost = ScreeningLoops.lostSquares(row, lanes);
    out.setAtIndex(JAVA_FLOAT, 2 * n, SLACK * (float) Math.sqrt(squares));
    out.setAtIndex(JAVA_FLOAT, 2 * n + 1, SLACK * (float) Math.sqrt(lost));
  }

  /** What holds for all rows. What pads the codes to whole vectors can never be the greatest. */
  void codes(MemorySegment weightNorms, MemorySegment biases) {
    MemorySegment.copy(biases, JAVA_FLOAT, 0, bias, 0, codes);
    for (int k = 0; k < codes; k++) {
      norms[k] = weightNorms.getAtIndex(JAVA_FLOAT, 2L * k);
      roundings[k] = weightNorms.getAtIndex(JAVA_FLOAT, 2L * k + 1);
    }
    for (int k = codes; k < bias.length; k++) {
      bias[k] = -Float.MAX_VALUE;
    }
  }

  /** The code of a row. */
  int argmax(MemorySegment x, MemorySegment xNorms, MemorySegment weight, MemorySegment products, long n) {
    MemorySegment.copy(products, JAVA_FLOAT, 4 * n * codes, scores, 0, codes);
    float norm = xNorms.getAtIndex(JAVA_FLOAT, 2 * n);
    float lost = xNorms.getAtIndex(JAVA_FLOAT, 2 * n + 1);
    float sum = width * 0x1p-23f;
    float a = lost + sum * (norm + lost);
    float b = (1 + sum) * (norm + lost);
    ScreeningLoops.errors(norms, roundings, a, b, LEAST, errors);
    ScreeningLoops.addBias(scores, bias);
    int unbounded = ScreeningLoops.finite(scores, lanes) ? -1 : firstUnbounded();
    if (unbounded >= 0) {
      return unbounded;
    }
    float least = ScreeningLoops.greatestLessError(scores, errors, lanes);
    MemorySegment.copy(x, JAVA_FLOAT, 4 * n * width, row, 0, width);
    int best = -1;
    float greatest = Float.NEGATIVE_INFINITY;
    for (int from = 0; from < codes; from += LANES) {
      for (long left = ScreeningLoops.possible(scores, errors, from, least); left != 0; left &= left - 1) {
        int k = from + Long.numberOfTrailingZeros(left);
        float score = ScreeningLoops.dot(row, weight, 4L * k * width, width, lanes) + bias[k];
        if (score > greatest) {
          greatest = score;
          best = k;
        }
      }
    }
    return Math.max(0, best);
  }

  /** The first score that is infinite or not a number; -1 if all are finite, but for some that are minus infinity. */
  private int firstUnbounded() {
    for (int k = 0; k < codes; k++) {
      if (!(scores[k] <= Float.MAX_VALUE)) {
        return k;
      }
    }
    return -1;
  }
}
