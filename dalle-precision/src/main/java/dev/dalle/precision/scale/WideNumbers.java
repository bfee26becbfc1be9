package dev.dalle.precision.scale;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;

/** Numbers of 64 bits in a tensor that a checkpoint can hold: I32 {@code [N, 2]}, the lower half first. */
record WideNumbers(String name, Tensor tensor) {
  /** A tensor of zeros. */
  static WideNumbers of(Scope scope, String name, int count) {
    return new WideNumbers(name, scope.zeros(DType.I32, Shape.of(count, 2)));
  }

  /** Writes numbers; gives the tensor under its name. */
  NamedTensor write(long... numbers) {
    int[] halves = new int[2 * numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      halves[2 * i] = (int) numbers[i];
      halves[2 * i + 1] = (int) (numbers[i] >>> 32);
    }
    tensor.write(halves);
    return new NamedTensor(name, tensor);
  }

  /** Reads them. */
  long[] read() {
    int[] halves = tensor.toInts();
    long[] numbers = new long[halves.length / 2];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = halves[2 * i] & 0xFFFF_FFFFL | (long) halves[2 * i + 1] << 32;
    }
    return numbers;
  }

  /** Reads counts. */
  long[] readCounts() {
    long[] counts = read();
    for (long count : counts) {
      if (count < 0) {
        throw new IllegalArgumentException(name + ": expected numbers from 0 on, got " + count + "; the checkpoint is damaged");
      }
    }
    return counts;
  }
}
