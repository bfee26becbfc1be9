package dev.dalle.tensor.files;

import dev.dalle.tensor.Shape;
import java.io.IOException;
import java.util.Collection;
import java.util.List;

/**
 * A tensor that is to be written, wherever its elements are.
 *
 * @param name in the file
 * @param type in the file
 * @param shape its dimensions
 * @param elements writes them in row-major order, as many bytes as type and shape say
 */
record OutputTensor(String name, StoredType type, Shape shape, Elements elements) {
  /** Takes the elements to a file. */
  @FunctionalInterface
  interface Elements {
    void writeTo(TensorOutput output) throws IOException;
  }

  static List<OutputTensor> ofTensors(List<NamedTensor> tensors) {
    return tensors.stream().map(named -> new OutputTensor(named.name(), StoredType.valueOf(named.tensor().dtype().name()), named.tensor().shape(),
        output -> output.write(named.tensor()))).toList();
  }

  static List<OutputTensor> ofEntries(Collection<TensorEntry> entries) {
    return entries.stream().map(entry -> new OutputTensor(entry.name(), entry.type(), entry.shape(), output -> output.write(entry))).toList();
  }

  long byteSize() {
    return Math.multiplyExact(shape.elementCount(), type.byteSize());
  }
}
