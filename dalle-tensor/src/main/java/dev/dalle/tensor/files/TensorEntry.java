package dev.dalle.tensor.files;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/**
 * A tensor in an open file. Its elements stay where they are in the file until they are read into a tensor. Tensors of one file may share elements.
 *
 * @param file where it is
 * @param name unique in the file
 * @param type its type there
 * @param shape its dimensions
 * @param strides for each dimension the elements from one neighbour to the next, at least 0; 0 repeats elements
 * @param data the bytes from the first element to the end of the last, little-endian, at any alignment; read-only, valid until the file is closed. These are the
 *     tensor's elements and nothing else if it {@link #isRowMajor}
 */
public record TensorEntry(Path file, String name, StoredType type, Shape shape, List<Long> strides, MemorySegment data) {
  /** Elements that are copied at a time; bounds the memory on the way. */
  private static final int CHUNK = 1 << 20;
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Checks that the data are those of shape and strides. */
  public TensorEntry {
    strides = List.copyOf(strides);
    if (strides.size() != shape.rank() || strides.stream().anyMatch(stride -> stride < 0)) {
      throw new IllegalArgumentException("strides: expected a number of at least 0 for each dimension of " + shape + ", got " + strides);
    }
    long byteSize = Math.multiplyExact(Strides.span(shape, strides), type.byteSize());
    if (data.byteSize() != byteSize) {
      throw new IllegalArgumentException("data: expected " + byteSize + " bytes for " + type + shape + " with strides " + strides + ", got " + data.byteSize());
    }
  }

  /** Whether the elements lie row after row without holes. */
  public boolean isRowMajor() {
    return Strides.isRowMajor(shape, strides);
  }

  /**
   * Copies the elements into a tensor. Floating-point types are converted into each other, rounded to nearest even; others as {@link StoredType} says.
   *
   * @throws TensorFileException if shape or type do not fit
   */
  public void into(Tensor tensor) throws TensorFileException {
    if (!fits(tensor)) {
      throw new TensorFileException(file + ": tensor " + name + ": " + mismatch(tensor));
    }
    Tensor row = tensor.reshape(tensor.elementCount());
    inChunks((from, source) -> {
      write(source, row.slice(from, from + source.byteSize() / type.byteSize()));
      return true;
    });
  }

  /**
   * The place of the first element, in row-major order, that is no finite number as {@link StoredType#dtype} reads it: infinite, not a number, or an F64 that is
   * beyond F32. None if there is no such element, as in all types of whole numbers.
   */
  public OptionalLong firstNonFinite() {
    if (!type.dtype().isFloating()) {
      return OptionalLong.empty();
    }
    long[] found = {-1};
    inChunks((from, source) -> {
      float[] values = floats(source, (int) (source.byteSize() / type.byteSize()), true);
      for (int i = 0; i < values.length && found[0] < 0; i++) {
        if (!Float.isFinite(values[i])) {
          found[0] = from + i;
        }
      }
      return found[0] < 0;
    });
    return found[0] < 0 ? OptionalLong.empty() : OptionalLong.of(found[0]);
  }

  /** The same elements under another name. */
  public TensorEntry withName(String other) {
    return new TensorEntry(file, other, type, shape, strides, data);
  }

  /** Takes some elements. */
  @FunctionalInterface
  private interface Chunk {
    /** Whether to go on; {@code source} holds the elements from {@code from} on. */
    boolean take(long from, MemorySegment source);
  }

  private void inChunks(Chunk chunk) {
    boolean inPlace = isRowMajor();
    StridedElements elements = new StridedElements(data, type.byteSize(), shape, strides);
    long count = shape.elementCount();
    MemorySegment buffer = MemorySegment.ofArray(new byte[inPlace ? 0 : (int) Math.min(CHUNK, count) * type.byteSize()]);
    boolean more = true;
    for (long from = 0; more && from < count; from += CHUNK) {
      long byteSize = Math.min(CHUNK, count - from) * type.byteSize();
      MemorySegment source;
      if (inPlace) {
        source = data.asSlice(from * type.byteSize(), byteSize);
      } else {
        source = buffer.asSlice(0, byteSize);
        elements.copy(from, source);
      }
      more = chunk.take(from, source);
    }
  }

  private void write(MemorySegment source, Tensor part) {
    if (type.sameBits(part.dtype())) {
      part.device().upload(source, part);
    } else if (type.dtype().isFloating()) {
      part.write(floats(source, (int) part.elementCount(), part.dtype() == DType.F32));
    } else {
      part.write(integers(source, (int) part.elementCount()));
    }
  }

  private float[] floats(MemorySegment source, int count, boolean last) {
    float[] values = new float[count];
    for (int i = 0; i < values.length; i++) {
      values[i] = switch (type) {
        case BF16 -> Float.intBitsToFloat(source.get(SHORT, 2L * i) << 16);
        case F16 -> Float.float16ToFloat(source.get(SHORT, 2L * i));
        case F64 -> last ? (float) source.get(DOUBLE, 8L * i) : toBeRounded(source.get(DOUBLE, 8L * i));
        default -> source.get(FLOAT, 4L * i);
      };
    }
    return values;
  }

  /**
   * The number itself if it is a float, else the one beside it whose last bit is 1: rounding that to fewer bits gives what rounding the number would have given,
   * because it never lies halfway where the number does not.
   */
  private static float toBeRounded(double value) {
    float nearest = (float) value;
    if (nearest == value || Double.isNaN(value) || (Float.floatToRawIntBits(nearest) & 1) != 0) {
      return nearest;
    }
    return nearest < value ? Math.nextUp(nearest) : Math.nextDown(nearest);
  }

  private int[] integers(MemorySegment source, int count) {
    int[] values = new int[count];
    for (int i = 0; i < values.length; i++) {
      values[i] = switch (type) {
        case I16 -> source.get(SHORT, 2L * i);
        case I8 -> source.get(ValueLayout.JAVA_BYTE, i);
        case BOOL -> source.get(ValueLayout.JAVA_BYTE, i) == 0 ? 0 : 1;
        default -> throw new AssertionError(type);
      };
    }
    return values;
  }

  /** Whether {@link #into} would copy. */
  boolean fits(Tensor tensor) {
    return shape.equals(tensor.shape()) && type.reads(tensor.dtype());
  }

  /** Why it does not fit. */
  String mismatch(Tensor tensor) {
    return "expected " + tensor.dtype() + tensor.shape() + ", found " + type + shape;
  }
}
