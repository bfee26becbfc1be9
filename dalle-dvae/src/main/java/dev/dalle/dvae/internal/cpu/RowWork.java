package dev.dalle.dvae.internal.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** One thread's arrays for rows of a categorical distribution, and what it does with a row. */
final class RowWork {
  private final int width;
  private final int count;
  private final float[] x;
  private final float[] y;
  private final float[] lanes = new float[2 * VectorMath.LANES];
  private final double[] sums = new double[2];
  private final int[] words = new int[4];

  /** For rows of {@code width} columns. */
  RowWork(int width) {
    this.width = width;
    this.count = VectorMath.padded(width);
    this.x = new float[count];
    this.y = new float[count];
  }

  private void load(MemorySegment from, long row, float[] to, float padding) {
    MemorySegment.copy(from, JAVA_FLOAT, 4 * row * width, to, 0, width);
    Arrays.fill(to, width, count, padding);
  }

  private void store(float[] from, MemorySegment to, long row) {
    MemorySegment.copy(from, 0, to, JAVA_FLOAT, 4 * row * width, width);
  }

  void gumbelSoftmax(MemorySegment logits, long row, double inverseTemperature, long seed, long stream, MemorySegment code) {
    load(logits, row, x, Float.NEGATIVE_INFINITY);
    RowLoops.fillUniform(y, width, seed, stream, row * width, words);
    Arrays.fill(y, width, count, 0.5f);
    RowLoops.negativeLog(y, count);
    RowLoops.negativeLog(y, count);
    RowLoops.addNoise(x, RowLoops.max(x, count, lanes), y, (float) inverseTemperature, count);
    double sum = RowLoops.exp(x, RowLoops.max(x, count, lanes), count, lanes);
    RowLoops.scale(x, (float) (1 / sum), count);
    store(x, code, row);
  }

  void softmaxGradient(MemorySegment code, MemorySegment gradCode, long row, double inverseTemperature, MemorySegment gradLogits) {
    load(gradCode, row, x, 0);
    load(code, row, y, 0);
    double dot = RowLoops.dot(x, y, count, lanes);
    RowLoops.centred(x, y, (float) dot, (float) inverseTemperature, count);
    store(x, gradLogits, row);
  }

  void divergence(MemorySegment logits, long row, MemorySegment divergences) {
    load(logits, row, x, Float.NEGATIVE_INFINITY);
    RowLoops.expMoments(x, RowLoops.max(x, count, lanes), y, count, lanes, sums);
    // In double: near the uniform distribution the terms cancel.
    double divergence = sums[1] / sums[0] - Math.log(sums[0]) + Math.log(width);
    divergences.setAtIndex(JAVA_FLOAT, row, (float) divergence);
  }

  void divergenceGradient(MemorySegment logits, long row, float factor, MemorySegment gradLogits) {
    load(logits, row, x, Float.NEGATIVE_INFINITY);
    RowLoops.expMoments(x, RowLoops.max(x, count, lanes), y, count, lanes, sums);
    RowLoops.centred(x, y, (float) (sums[1] / sums[0]), (float) (factor / sums[0]), count);
    store(x, gradLogits, row);
  }
}
