package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Rows of a 16-bit type, converted on the way in and out in passes of their own: with the rounding in the same loop as other work, the compiler soon gives up
 * inlining and puts vectors into objects.
 */
record TileRows(DType dtype) implements RowFormat {
  @Override
  public void load(MemorySegment from, long first, float[] row, int width) {
    Tiles.load(from, dtype, first, row, width);
  }

  private void store(float[] row, MemorySegment to, long first, int width) {
    Tiles.store(row, to, dtype, first, width);
  }

  @Override
  public void addTo(MemorySegment from, long first, float[] sums, int width) {
    Tiles.addTo(from, dtype, first, sums, width);
  }

  @Override
  public void storeScaled(float[] row, float factor, MemorySegment to, long first, int width) {
    for (int i = 0; i < width; i++) {
      row[i] *= factor;
    }
    store(row, to, first, width);
  }

  @Override
  public void storeNormalised(float[] row, float mean, float factor, float[] gain, float[] bias, MemorySegment to, long first, int width) {
    for (int i = 0; i < width; i++) {
      row[i] = Math.fma((row[i] - mean) * factor, gain[i], bias[i]);
    }
    store(row, to, first, width);
  }

  @Override
  public void storeSoftmaxGradient(float[] y, float[] g, float dot, MemorySegment to, long first, int width) {
    for (int i = 0; i < width; i++) {
      g[i] = y[i] * (g[i] - dot);
    }
    store(g, to, first, width);
  }

  @Override
  public void storeLayerNormGradient(float[] g, float[] hat, float r, float meanOfGrad, float meanOfProduct, MemorySegment to, long first, int width) {
    for (int i = 0; i < width; i++) {
      g[i] = r * (g[i] - meanOfGrad - hat[i] * meanOfProduct);
    }
    store(g, to, first, width);
  }
}
