package dev.dalle.tensor.files;

import dev.dalle.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** Takes elements that lie anyhow out in row-major order. Bits are not changed. */
final class StridedElements {
  private final MemorySegment data;
  private final int elementBytes;
  /** Dimensions of more than one entry, outermost first: their sizes, and bytes from one entry to the next. */
  private final long[] dims;
  private final long[] steps;

  StridedElements(MemorySegment data, int elementBytes, Shape shape, List<Long> strides) {
    this.data = data;
    this.elementBytes = elementBytes;
    long[] keptDims = new long[shape.rank()];
    long[] keptSteps = new long[shape.rank()];
    int kept = 0;
    for (int dim = 0; dim < shape.rank(); dim++) {
      if (shape.dim(dim) != 1) {
        keptDims[kept] = shape.dim(dim);
        keptSteps[kept++] = strides.get(dim) * elementBytes;
      }
    }
    this.dims = Arrays.copyOf(keptDims, kept);
    this.steps = Arrays.copyOf(keptSteps, kept);
  }

  /**
   * Fills a segment.
   *
   * @param from elements before the first, in row-major order
   */
  void copy(long from, MemorySegment target) {
    if (target.byteSize() == 0) {
      return;
    }
    long[] index = new long[dims.length];
    long at = 0;
    long rest = from;
    for (int dim = dims.length - 1; dim >= 0; dim--) {
      index[dim] = rest % dims[dim];
      rest /= dims[dim];
      at += index[dim] * steps[dim];
    }
    int inner = dims.length - 1;
    for (long done = 0; done < target.byteSize();) {
      int run = inner < 0 ? 1 : (int) Math.min(dims[inner] - index[inner], (target.byteSize() - done) / elementBytes);
      copyRun(at, inner < 0 ? elementBytes : steps[inner], target, done, run);
      done += (long) run * elementBytes;
      if (inner >= 0) {
        index[inner] += run;
        at += run * steps[inner];
      }
      for (int dim = inner; dim > 0 && index[dim] == dims[dim]; dim--) {
        at += steps[dim - 1] - index[dim] * steps[dim];
        index[dim] = 0;
        index[dim - 1]++;
      }
    }
  }

  private void copyRun(long at, long step, MemorySegment target, long targetAt, int count) {
    if (step == elementBytes) {
      MemorySegment.copy(data, at, target, targetAt, (long) count * elementBytes);
      return;
    }
    switch (elementBytes) {
      case 1 -> {
        for (int i = 0; i < count; i++) {
          target.set(ValueLayout.JAVA_BYTE, targetAt + i, data.get(ValueLayout.JAVA_BYTE, at + i * step));
        }
      }
      case 2 -> {
        for (int i = 0; i < count; i++) {
          target.set(ValueLayout.JAVA_SHORT_UNALIGNED, targetAt + 2L * i, data.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + i * step));
        }
      }
      case 4 -> {
        for (int i = 0; i < count; i++) {
          target.set(ValueLayout.JAVA_INT_UNALIGNED, targetAt + 4L * i, data.get(ValueLayout.JAVA_INT_UNALIGNED, at + i * step));
        }
      }
      default -> {
        for (int i = 0; i < count; i++) {
          target.set(ValueLayout.JAVA_LONG_UNALIGNED, targetAt + 8L * i, data.get(ValueLayout.JAVA_LONG_UNALIGNED, at + i * step));
        }
      }
    }
  }
}
