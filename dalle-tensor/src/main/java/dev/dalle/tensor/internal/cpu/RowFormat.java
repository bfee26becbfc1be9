package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Passes over one row that touch memory, by element type. Rows are worked on in {@code float[]}, which stay in the first-level cache; each pass here either brings
 * a row in or takes it out and does a step of the work on the way. The defaults are made of plain loads. Arrays of passes that take a row out may be overwritten.
 *
 * <p>{@code first} is the element of memory at which the row begins, {@code width} its length, {@code lanes} working memory as in {@link VectorMath#total}.
 */
interface RowFormat {
  /** Brings a row in. */
  void load(MemorySegment from, long first, float[] row, int width);

  /** Brings a row in; returns its greatest element, NaN passed over. */
  default float loadGreatest(MemorySegment from, long first, float[] row, int width) {
    load(from, first, row, width);
    return VectorMath.greatest(row, width);
  }

  /** Brings a row in; returns its sum. */
  default float loadSum(MemorySegment from, long first, float[] row, int width, float[] lanes) {
    load(from, first, row, width);
    return VectorMath.laneSum(row, width, lanes);
  }

  /** Brings in {@code (row - mean) * r}. */
  default void loadNormalised(MemorySegment from, long first, float mean, float r, float[] hat, int width) {
    load(from, first, hat, width);
    for (int i = 0; i < width; i++) {
      hat[i] = (hat[i] - mean) * r;
    }
  }

  /** Adds a row to sums. */
  void addTo(MemorySegment from, long first, float[] sums, int width);

  /** Takes out {@code factor * row}. */
  void storeScaled(float[] row, float factor, MemorySegment to, long first, int width);

  /** Takes out {@code gain * ((row - mean) * factor) + bias}. */
  void storeNormalised(float[] row, float mean, float factor, float[] gain, float[] bias, MemorySegment to, long first, int width);

  /** Takes out {@code y (g - dot)}. */
  void storeSoftmaxGradient(float[] y, float[] g, float dot, MemorySegment to, long first, int width);

  /** Takes out {@code r (g - meanOfGrad - hat * meanOfProduct)}. */
  void storeLayerNormGradient(float[] g, float[] hat, float r, float meanOfGrad, float meanOfProduct, MemorySegment to, long first, int width);

  /** The passes for a floating type. */
  static RowFormat of(DType dtype) {
    return switch (dtype) {
      case F32 -> new FloatRows();
      default -> new TileRows(dtype);
    };
  }
}
