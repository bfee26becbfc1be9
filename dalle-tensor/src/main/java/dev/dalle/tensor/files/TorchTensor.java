package dev.dalle.tensor.files;

import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.files.Pickled.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A view of a storage. All its elements lie inside.
 *
 * @param storage the elements
 * @param type of them; that of the storage, but for a storage without one
 * @param offset elements before the first
 * @param strides elements from one neighbour to the next, for each dimension
 */
record TorchTensor(TorchStorage storage, StoredType type, long offset, Shape shape, List<Long> strides) implements Pickled.Made {
  /** Most dimensions; bounds the memory that a few bytes can ask for. */
  private static final int MAX_RANK = 16;

  /**
   * Checks everything.
   *
   * @param size a tuple of whole numbers
   * @param stride another
   * @throws TensorFileException if this is no tensor, or reaches beyond its storage
   */
  static TorchTensor of(TorchStorage storage, StoredType type, Object offset, Object size, Object stride) throws TensorFileException {
    long[] dims = numbers("shape", size).stream().mapToLong(Long::longValue).toArray();
    List<Long> strides = numbers("strides", stride);
    if (!(offset instanceof Long first && first >= 0 && dims.length == strides.size())) {
      throw new TensorFileException("expected an offset of at least 0 and a stride for each dimension, found " + Pickled.words(offset) + ", shape "
          + Arrays.toString(dims) + ", strides " + strides);
    }
    // A storage without a type counts bytes, another one its elements, which are then of the same type.
    long available = storage.elementCount() * storage.type().byteSize() / type.byteSize();
    try {
      Shape shape = Shape.of(dims);
      if (Math.addExact(first, Strides.span(shape, strides)) > available) {
        throw new TensorFileException("expected a tensor inside the " + available + " elements of its storage " + storage.key() + ", found offset " + first
            + ", shape " + shape + ", strides " + strides);
      }
      return new TorchTensor(storage, type, first, shape, strides);
    } catch (ArithmeticException | ShapeException e) {
      throw new TensorFileException("expected a tensor of fewer than 2^63 elements, found shape " + Arrays.toString(dims) + ", strides " + strides, e);
    }
  }

  private static List<Long> numbers(String what, Object value) throws TensorFileException {
    if (!(value instanceof Sequence sequence && sequence.items.size() <= MAX_RANK)) {
      throw new TensorFileException(what + ": expected a tuple of at most " + MAX_RANK + " numbers, found " + Pickled.words(value));
    }
    List<Long> numbers = new ArrayList<>(sequence.items.size());
    for (Object item : sequence.items) {
      if (!(item instanceof Long number && number >= 0)) {
        throw new TensorFileException(what + ": expected numbers of at least 0, found " + Pickled.words(item));
      }
      numbers.add(number);
    }
    return List.copyOf(numbers);
  }

  @Override
  public String toString() {
    return "a tensor " + type + shape;
  }
}
