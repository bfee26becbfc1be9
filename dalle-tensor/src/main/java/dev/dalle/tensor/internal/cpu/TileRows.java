package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;

/** Rows of a type that is only stored: converted on the way in and out, in passes of their own. */
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
    float[] row = new float[width];
    load(from, first, row, width);
    for (int i = 0; i < width; i++) {
      sums[i] += row[i];
    }
  }

  @Override
  public void storeScaled(float[] row, float factor, MemorySegment to, long first, int width) {
    float[] out = new float[width];
    for (int i = 0; i < width; i++) {
      out[i] = factor * row[i];
    }
    store(out, to, first, width);
  }

  @Override
  public void storeNormalised(float[] row, float mean, float factor, float[] gain, float[] bias, MemorySegment to, long first, int width) {
    float[] out = new float[width];
    for (int i = 0; i < width; i++) {
      out[i] = Math.fma((row[i] - mean) * factor, gain[i], bias[i]);
    }
    store(out, to, first, width);
  }

  @Override
  public void storeSoftmaxGradient(float[] y, float[] g, float dot, MemorySegment to, long first, int width) {
    float[] out = new float[width];
    for (int i = 0; i < width; i++) {
      out[i] = y[i] * (g[i] - dot);
    }
    store(out, to, first, width);
  }

  @Override
  public void storeLayerNormGradient(float[] g, float[] hat, float r, float meanOfGrad, float meanOfProduct, MemorySegment to, long first, int width) {
    float[] out = new float[width];
    for (int i = 0; i < width; i++) {
      out[i] = r * (g[i] - meanOfGrad - hat[i] * meanOfProduct);
    }
    store(out, to, first, width);
  }
}
