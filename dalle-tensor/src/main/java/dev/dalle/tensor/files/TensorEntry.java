package dev.dalle.tensor.files;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * A tensor in an open file.
 *
 * @param file where it is
 * @param name unique in the file
 * @param dtype its type there
 * @param shape its dimensions
 * @param data its elements, row-major, little-endian, at any alignment; read-only, valid until the file is closed
 */
public record TensorEntry(Path file, String name, DType dtype, Shape shape, MemorySegment data) {
  /** Elements that are copied at a time; bounds the memory on the way. */
  private static final int CHUNK = 1 << 20;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Copies the elements into a tensor. Floating-point types are converted into each other, rounded to nearest even; other types must be equal.
   *
   * @throws TensorFileException if shape or type do not fit
   */
  public void into(Tensor tensor) throws TensorFileException {
    if (!fits(tensor)) {
      throw new TensorFileException(file + ": tensor " + name + ": " + mismatch(tensor));
    }
    Tensor row = tensor.reshape(tensor.elementCount());
    float[] floats = new float[dtype == tensor.dtype() ? 0 : (int) Math.min(CHUNK, tensor.elementCount())];
    for (long from = 0; from < tensor.elementCount(); from += CHUNK) {
      Tensor part = row.slice(from, Math.min(from + CHUNK, tensor.elementCount()));
      MemorySegment source = data.asSlice(from * dtype.byteSize(), part.elementCount() * dtype.byteSize());
      if (dtype == tensor.dtype()) {
        tensor.device().upload(source, part);
      } else {
        part.write(floats(source, floats, (int) part.elementCount()));
      }
    }
  }

  private float[] floats(MemorySegment source, float[] buffer, int count) {
    float[] values = count == buffer.length ? buffer : new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = switch (dtype) {
        case BF16 -> Float.intBitsToFloat(source.get(SHORT, 2L * i) << 16);
        case F16 -> Float.float16ToFloat(source.get(SHORT, 2L * i));
        default -> source.get(FLOAT, 4L * i);
      };
    }
    return values;
  }

  /** Whether {@link #into} would copy. */
  boolean fits(Tensor tensor) {
    return shape.equals(tensor.shape()) && (dtype == tensor.dtype() || dtype.isFloating() && tensor.dtype().isFloating());
  }

  /** Why it does not fit. */
  String mismatch(Tensor tensor) {
    return "expected " + tensor.dtype() + tensor.shape() + ", found " + dtype + shape;
  }
}
