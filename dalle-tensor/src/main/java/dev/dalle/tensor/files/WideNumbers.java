package dev.dalle.tensor.files;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.Optional;

/**
 * Numbers of 64 bits that belong to a training's state, in a tensor that a file can hold beside the others: I32 {@code [N, 2]}, the lower half first. A number
 * that is a {@code double} goes in and out as its bits.
 *
 * @param name of the tensor in files
 * @param tensor what is written and read
 */
public record WideNumbers(String name, Tensor tensor) {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Checks. */
  public WideNumbers {
    Objects.requireNonNull(name, "name");
    if (tensor.dtype() != DType.I32 || tensor.shape().rank() != 2 || tensor.dim(1) != 2) {
      throw new IllegalArgumentException(name + ": expected I32[N, 2], got " + tensor);
    }
  }

  /** So many zeros. */
  public static WideNumbers of(Scope scope, String name, int count) {
    return new WideNumbers(name, scope.zeros(DType.I32, Shape.of(count, 2)));
  }

  /** Writes numbers, as many as there are; gives the tensor under its name. */
  public NamedTensor write(long... numbers) {
    int[] halves = new int[2 * numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      halves[2 * i] = (int) numbers[i];
      halves[2 * i + 1] = (int) (numbers[i] >>> 32);
    }
    tensor.write(halves);
    return new NamedTensor(name, tensor);
  }

  /** Reads them. Waits for the device. */
  public long[] read() {
    int[] halves = tensor.toInts();
    long[] numbers = new long[halves.length / 2];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = halves[2 * i] & 0xFFFF_FFFFL | (long) halves[2 * i + 1] << 32;
    }
    return numbers;
  }

  /**
   * Looks for them in a file, and leaves the tensor as it is: for those who check numbers before they read a file.
   *
   * @param prefix what stands before the name in the file, or nothing
   * @return empty if the file has no such tensor, or one that does not fit; {@link Safetensors#read} will say so
   */
  public Optional<long[]> find(SafetensorsFile file, String prefix) {
    return file.find(prefix + name).filter(entry -> entry.type() == StoredType.I32 && entry.shape().equals(tensor.shape())).map(entry -> {
      long[] numbers = new long[Math.toIntExact(tensor.dim(0))];
      for (int i = 0; i < numbers.length; i++) {
        // Both are little-endian: the lower half of eight bytes is the first.
        numbers[i] = entry.data().get(LONG, 8L * i);
      }
      return numbers;
    });
  }
}
