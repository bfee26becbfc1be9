package dev.dalle.tensor.cpu;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A product of two small matrices, {@code c = a b} or {@code c += a b}, that one thread of a team computes inside a kernel. Sizes and places are fixed when it
 * is made, which takes milliseconds; get it from {@link CpuTeam#product} and keep it. Any number of threads may use one at the same time.
 */
@FunctionalInterface
public interface BlockProduct {
  /**
   * Computes.
   *
   * @param a native memory that begins with the first element of a
   * @param b native memory that begins with the first element of b
   * @param c native memory that begins with the first element of c
   * @throws IllegalArgumentException if a segment is too short or not native
   */
  void multiply(MemorySegment a, MemorySegment b, MemorySegment c);

  /**
   * Where the elements of a matrix lie.
   *
   * @param row elements from one row to the next
   * @param column elements from one column to the next
   */
  record Strides(long row, long column) {
    /** Checks both. */
    public Strides {
      if (row < 0 || column < 0) {
        throw new IllegalArgumentException("strides: expected 0 or more, got " + row + " and " + column);
      }
    }

    /** Rows one after the other. */
    public static Strides rows(long distance) {
      return new Strides(distance, 1);
    }

    /** A matrix that is stored transposed. */
    public static Strides columns(long distance) {
      return new Strides(1, distance);
    }
  }

  /**
   * What to compute.
   *
   * @param dtype type of a and b, F32 or BF16; c is F32, and so are the sums
   * @param rows of a and c
   * @param inner columns of a, rows of b
   * @param columns of b and c
   * @param a layout of a
   * @param b layout of b
   * @param cRow elements from one row of c to the next
   * @param accumulate whether the product is added to what c holds
   */
  record Spec(DType dtype, long rows, long inner, long columns, Strides a, Strides b, long cRow, boolean accumulate) {
    /** Checks the numbers. */
    public Spec {
      if (dtype != DType.F32 && dtype != DType.BF16) {
        throw new IllegalArgumentException("dtype: expected F32 or BF16, got " + dtype);
      }
      if (rows < 1 || inner < 1 || columns < 1) {
        throw new IllegalArgumentException("rows, inner, columns: expected 1 or more, got " + rows + ", " + inner + ", " + columns);
      }
      Objects.requireNonNull(a, "a");
      Objects.requireNonNull(b, "b");
      if (cRow < columns) {
        throw new IllegalArgumentException("cRow: expected at least the " + columns + " columns, got " + cRow);
      }
    }
  }
}
