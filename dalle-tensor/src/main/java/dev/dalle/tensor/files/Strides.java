package dev.dalle.tensor.files;

import dev.dalle.tensor.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Arithmetic of strides: for each dimension the elements from one neighbour to the next, none below 0. */
final class Strides {
  private Strides() {}

  /** Those of elements that lie row after row without holes. */
  static List<Long> rowMajor(Shape shape) {
    List<Long> strides = new ArrayList<>(shape.rank());
    long next = 1;
    for (int dim = shape.rank() - 1; dim >= 0; dim--) {
      strides.add(next);
      next *= shape.elementCount() == 0 ? 1 : shape.dim(dim);
    }
    return Collections.unmodifiableList(strides.reversed());
  }

  /** Whether the elements lie row after row without holes; what the stride of a dimension of one entry is does not matter. */
  static boolean isRowMajor(Shape shape, List<Long> strides) {
    if (shape.elementCount() == 0) {
      return true;
    }
    long expected = 1;
    for (int dim = shape.rank() - 1; dim >= 0; dim--) {
      if (shape.dim(dim) != 1 && strides.get(dim) != expected) {
        return false;
      }
      expected *= shape.dim(dim);
    }
    return true;
  }

  /**
   * Elements from the first to the last, both counted; 0 if there are none.
   *
   * @throws ArithmeticException if that is 2^63 or more
   */
  static long span(Shape shape, List<Long> strides) {
    if (shape.elementCount() == 0) {
      return 0;
    }
    long last = 0;
    for (int dim = 0; dim < shape.rank(); dim++) {
      last = Math.addExact(last, Math.multiplyExact(shape.dim(dim) - 1, strides.get(dim)));
    }
    return Math.addExact(last, 1);
  }
}
