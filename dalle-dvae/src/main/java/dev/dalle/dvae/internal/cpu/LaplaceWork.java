package dev.dalle.dvae.internal.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** One thread's arrays for a chunk of pixels, and what it does with a chunk. */
final class LaplaceWork {
  private final int channels;
  private final float[] maps;
  private final float[] mu;
  private final float[] logScale;
  private final float[] a;
  private final float[] b;
  private final float[] inverseScale;

  /** For chunks of at most {@code rows} pixels of {@code channels} values. */
  LaplaceWork(int channels, int rows) {
    this.channels = channels;
    int count = VectorMath.padded(rows * channels);
    this.maps = new float[2 * rows * channels];
    this.mu = new float[count];
    this.logScale = new float[count];
    this.a = new float[count];
    this.b = new float[count];
    this.inverseScale = new float[count];
  }

  void losses(MemorySegment pixels, MemorySegment mapMemory, long row, int rows, float bound, MemorySegment losses) {
    int count = prepare(pixels, mapMemory, row, rows, bound);
    LaplaceLoops.losses(a, b, mu, logScale, bound, inverseScale, count);
    MemorySegment.copy(mu, 0, losses, JAVA_FLOAT, 4 * row * channels, rows * channels);
  }

  void gradients(MemorySegment pixels, MemorySegment mapMemory, long row, int rows, float bound, float factor, MemorySegment gradMaps) {
    int count = prepare(pixels, mapMemory, row, rows, bound);
    LaplaceLoops.gradients(a, b, mu, logScale, bound, inverseScale, factor, count);
    for (int n = 0; n < rows; n++) {
      for (int c = 0; c < channels; c++) {
        maps[2 * n * channels + c] = mu[n * channels + c];
        maps[(2 * n + 1) * channels + c] = logScale[n * channels + c];
      }
    }
    MemorySegment.copy(maps, 0, gradMaps, JAVA_FLOAT, 8 * row * channels, 2 * rows * channels);
  }

  void pixels(MemorySegment mapMemory, long row, int rows, MemorySegment pixels) {
    int count = split(mapMemory, row, rows);
    LaplaceLoops.pixels(mu, count);
    MemorySegment.copy(mu, 0, pixels, JAVA_FLOAT, 4 * row * channels, rows * channels);
  }

  private int prepare(MemorySegment pixels, MemorySegment mapMemory, long row, int rows, float bound) {
    int count = split(mapMemory, row, rows);
    MemorySegment.copy(pixels, JAVA_FLOAT, 4 * row * channels, a, 0, rows * channels);
    Arrays.fill(a, rows * channels, count, 0.5f);
    LaplaceLoops.complement(a, b, count);
    RowLoops.negativeLog(a, count);
    RowLoops.negativeLog(b, count);
    LaplaceLoops.inverseScale(logScale, bound, inverseScale, count);
    return count;
  }

  /** Parts mu from ln b; returns how many values there are with padding. */
  private int split(MemorySegment mapMemory, long row, int rows) {
    MemorySegment.copy(mapMemory, JAVA_FLOAT, 8 * row * channels, maps, 0, 2 * rows * channels);
    for (int n = 0; n < rows; n++) {
      for (int c = 0; c < channels; c++) {
        mu[n * channels + c] = maps[2 * n * channels + c];
        logScale[n * channels + c] = maps[(2 * n + 1) * channels + c];
      }
    }
    int count = VectorMath.padded(rows * channels);
    Arrays.fill(mu, rows * channels, count, 0);
    Arrays.fill(logScale, rows * channels, count, 0);
    return count;
  }
}
