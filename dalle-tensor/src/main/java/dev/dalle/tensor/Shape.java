package dev.dalle.tensor;

import java.util.Arrays;

/** The sizes of a tensor's dimensions, outermost first. Immutable; rank 0 is a scalar. */
public final class Shape {
  private final long[] dims;
  private final long elementCount;

  private Shape(long[] dims) {
    this.dims = dims;
    long count = 1;
    for (long dim : dims) {
      if (dim < 0) {
        throw new ShapeException("a dimension cannot be negative: " + Arrays.toString(dims));
      }
      count = Math.multiplyExact(count, dim);
    }
    this.elementCount = count;
  }

  /**
   * A shape of the given dimensions.
   *
   * @throws ShapeException if one is negative
   */
  public static Shape of(long... dims) {
    return new Shape(dims.clone());
  }

  /** Number of dimensions. */
  public int rank() {
    return dims.length;
  }

  /**
   * The size of dimension {@code dim}; negative numbers count from the end, so -1 is the innermost.
   *
   * @throws ShapeException if there is no such dimension
   */
  public long dim(int dim) {
    int index = dim < 0 ? dims.length + dim : dim;
    if (index < 0 || index >= dims.length) {
      throw new ShapeException("dimension " + dim + " asked of shape " + this);
    }
    return dims[index];
  }

  /** Product of all dimensions; 1 for a scalar. */
  public long elementCount() {
    return elementCount;
  }

  /** Product of all dimensions but the innermost; 1 for a scalar: the number of rows when the shape is read as a matrix. */
  public long rowCount() {
    long count = 1;
    for (int i = 0; i < dims.length - 1; i++) {
      count *= dims[i];
    }
    return count;
  }

  /** The dimensions as an array of the caller's own. */
  public long[] toArray() {
    return dims.clone();
  }

  /** This shape with the outermost dimension replaced. */
  public Shape withFirst(long dim) {
    long[] copy = dims.clone();
    if (copy.length == 0) {
      throw new ShapeException("a scalar has no outermost dimension");
    }
    copy[0] = dim;
    return new Shape(copy);
  }

  /** This shape with the innermost dimension replaced. */
  public Shape withLast(long dim) {
    long[] copy = dims.clone();
    if (copy.length == 0) {
      throw new ShapeException("a scalar has no innermost dimension");
    }
    copy[copy.length - 1] = dim;
    return new Shape(copy);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
