package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads elements of every type and at any strides into tensors. */
class TensorEntryTest {
  private static final Path FILE = Path.of("some.file");

  static Stream<Device> devices() {
    return Stream.of(new ReferenceDevice(), Device.cpu(1), OpaqueDevice.open(1));
  }

  private static TensorEntry entry(StoredType type, Shape shape, List<Long> strides, ByteBuffer bytes) {
    return new TensorEntry(FILE, "x", type, shape, strides, MemorySegment.ofBuffer(bytes.asReadOnlyBuffer().clear()));
  }

  private static TensorEntry row(StoredType type, ByteBuffer bytes) {
    return entry(type, Shape.of(bytes.capacity() / type.byteSize()), List.of(1L), bytes);
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void numbersThatAreNotFiniteAreFound() {
    int count = (1 << 20) + 5;
    ByteBuffer floats = bytes(4 * count);
    assertTrue(row(StoredType.F32, floats).firstNonFinite().isEmpty());
    floats.putFloat(4 * (count - 2), Float.NEGATIVE_INFINITY).putFloat(4 * (count - 1), Float.NaN);
    assertEquals(count - 2, row(StoredType.F32, floats).firstNonFinite().getAsLong());
    // Every second element: the last is not among them, and the one before is.
    assertEquals(count / 2, entry(StoredType.F32, Shape.of(count / 2 + 1), List.of(2L), floats).firstNonFinite().getAsLong());
    assertEquals(2, row(StoredType.F16, bytes(6).putShort(4, (short) 0x7C00)).firstNonFinite().getAsLong());
    assertEquals(1, row(StoredType.BF16, bytes(6).putShort(2, (short) 0x7FC0)).firstNonFinite().getAsLong());
    assertEquals(0, row(StoredType.F64, bytes(8).putDouble(0, 1e300)).firstNonFinite().getAsLong());
    assertTrue(row(StoredType.F64, bytes(8).putDouble(0, 1e30)).firstNonFinite().isEmpty());
    assertTrue(row(StoredType.I32, bytes(4).putInt(0, 0x7F800000)).firstNonFinite().isEmpty());
    assertTrue(row(StoredType.F32, bytes(0)).firstNonFinite().isEmpty());
    assertEquals("y", row(StoredType.F32, bytes(4)).withName("y").name());
  }

  /** Element {@code i} of a tensor of this shape is the number at the sum of its indices times the strides. */
  @ParameterizedTest
  @MethodSource("devices")
  void stridesPlaceElements(Device device) throws IOException {
    Random random = new Random(11);
    for (int round = 0; round < 200; round++) {
      long[] dims = random.longs(random.nextInt(5), 0, 5).toArray();
      List<Long> strides = random.longs(dims.length, 0, 30).boxed().toList();
      Shape shape = Shape.of(dims);
      int[] expected = new int[(int) shape.elementCount()];
      int last = -1;
      for (int i = 0; i < expected.length; i++) {
        long rest = i;
        for (int dim = dims.length - 1; dim >= 0; dim--) {
          expected[i] += (int) (rest % dims[dim] * strides.get(dim));
          rest /= dims[dim];
        }
        last = Math.max(last, expected[i]);
      }
      ByteBuffer bytes = bytes(4 * (last + 1));
      for (int i = 0; i <= last; i++) {
        bytes.putInt(i);
      }
      try (Scope scope = device.newScope()) {
        Tensor tensor = scope.allocate(DType.I32, shape);
        entry(StoredType.I32, shape, strides, bytes).into(tensor);
        assertArrayEquals(expected, tensor.toInts(), shape + " strides " + strides);
      }
    }
  }

  /** A transposed matrix of more elements than are copied at a time, for every size of an element. */
  @ParameterizedTest
  @EnumSource(names = {"U8", "F16", "F32", "I64", "F64"})
  void transposedMatricesLargerThanOnePiece(StoredType type) throws IOException {
    int rows = 1031;
    int columns = 1021;
    ByteBuffer stored = bytes(rows * columns * type.byteSize());
    ByteBuffer expected = bytes(rows * columns * type.dtype().byteSize());
    for (int i = 0; i < rows * columns; i++) {
      put(stored, type, i % 251);
      put(expected, StoredType.valueOf(type.dtype().name()), (i % rows * columns + i / rows) % 251);
    }
    TensorEntry entry = entry(type, Shape.of(columns, rows), List.of(1L, (long) columns), stored);
    assertFalse(entry.isRowMajor());
    try (Scope scope = new ReferenceDevice().newScope()) {
      Tensor tensor = scope.allocate(type.dtype(), columns, rows);
      entry.into(tensor);
      byte[] found = new byte[(int) tensor.byteSize()];
      tensor.device().download(tensor, MemorySegment.ofArray(found));
      assertArrayEquals(expected.array(), found);
    }
  }

  private static void put(ByteBuffer bytes, StoredType type, int value) {
    switch (type) {
      case U8 -> bytes.put((byte) value);
      case F16 -> bytes.putShort(Float.floatToFloat16(value));
      case F32 -> bytes.putFloat(value);
      case I64 -> bytes.putLong(value);
      default -> bytes.putDouble(value);
    }
  }

  @Test
  void oneElementOftenRepeatedTakesNoMemory() throws IOException {
    ByteBuffer bytes = bytes(4).putFloat(0, 2.5f);
    TensorEntry huge = entry(StoredType.F32, Shape.of(1L << 40, 1L << 20), List.of(0L, 0L), bytes);
    assertEquals(4, huge.data().byteSize());
    try (Scope scope = new ReferenceDevice().newScope()) {
      Tensor tensor = scope.allocate(DType.BF16, 2, 3);
      entry(StoredType.F32, Shape.of(2, 3), List.of(0L, 0L), bytes).into(tensor);
      assertArrayEquals(new float[] {2.5f, 2.5f, 2.5f, 2.5f, 2.5f, 2.5f}, tensor.toFloats());
    }
  }

  @Test
  void whatIsRowMajor() {
    ByteBuffer six = bytes(6);
    assertTrue(entry(StoredType.U8, Shape.of(2, 3), List.of(3L, 1L), six).isRowMajor());
    assertTrue(entry(StoredType.U8, Shape.of(2, 1, 3), List.of(3L, 77L, 1L), six).isRowMajor());
    assertTrue(entry(StoredType.U8, Shape.of(), List.of(), bytes(1)).isRowMajor());
    assertTrue(entry(StoredType.U8, Shape.of(0, 3), List.of(77L, 5L), bytes(0)).isRowMajor());
    assertFalse(entry(StoredType.U8, Shape.of(3, 2), List.of(1L, 3L), six).isRowMajor());
    assertFalse(entry(StoredType.U8, Shape.of(2, 2), List.of(4L, 1L), six).isRowMajor());
  }

  /** Neighbouring numbers of few bits, the number halfway between, and the doubles on both sides of that: one rounding, not two. */
  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void doublesAreRoundedOnce(DType dtype) throws IOException {
    Random random = new Random(5);
    int count = 3000;
    ByteBuffer bytes = bytes(count * 24);
    float[] expected = new float[count * 3];
    for (int i = 0; i < count; i++) {
      // All exponents, subnormal numbers as well; the greatest finite number has no neighbour.
      int code = random.nextInt(dtype == DType.F16 ? 0x7BFF : 0x7F7F);
      double sign = random.nextBoolean() ? 1 : -1;
      float low = value(dtype, code);
      float high = value(dtype, code + 1);
      double middle = ((double) low + high) / 2;
      bytes.putDouble(sign * Math.nextDown(middle)).putDouble(sign * middle).putDouble(sign * Math.nextUp(middle));
      expected[3 * i] = (float) (sign * low);
      expected[3 * i + 1] = (float) (sign * ((code & 1) == 0 ? low : high));
      expected[3 * i + 2] = (float) (sign * high);
    }
    try (Scope scope = Device.cpu(1).newScope()) {
      Tensor tensor = scope.allocate(dtype, expected.length);
      row(StoredType.F64, bytes).into(tensor);
      assertArrayEquals(expected, tensor.toFloats());
    }
  }

  private static float value(DType dtype, int code) {
    return dtype == DType.F16 ? Float.float16ToFloat((short) code) : Float.intBitsToFloat(code << 16);
  }

  @Test
  void doublesOutsideTheRange() throws IOException {
    double[] values = {Double.NaN, Double.NEGATIVE_INFINITY, 1e300, -1e300, 1e-300, -0.0, 65519.999, 65520, 1 + 0x1p-24, 0x1.fffffefp127};
    ByteBuffer bytes = bytes(8 * values.length);
    Arrays.stream(values).forEach(bytes::putDouble);
    float inf = Float.POSITIVE_INFINITY;
    try (Scope scope = Device.cpu(1).newScope()) {
      Tensor single = scope.allocate(DType.F32, values.length);
      row(StoredType.F64, bytes).into(single);
      assertArrayEquals(new float[] {Float.NaN, -inf, inf, -inf, 0, -0f, 65520, 65520, 1, Float.MAX_VALUE}, single.toFloats());
      Tensor half = scope.allocate(DType.F16, values.length);
      row(StoredType.F64, bytes).into(half);
      assertArrayEquals(new float[] {Float.NaN, -inf, inf, -inf, 0, -0f, 65504, inf, 1, inf}, half.toFloats());
    }
  }

  @Test
  void typesThatTensorsDoNotHaveAreWidened() throws IOException {
    try (Scope scope = Device.cpu(1).newScope()) {
      Tensor ints = scope.allocate(DType.I32, 3);
      row(StoredType.I16, bytes(6).putShort((short) -3).putShort(Short.MIN_VALUE).putShort(Short.MAX_VALUE)).into(ints);
      assertArrayEquals(new int[] {-3, -32768, 32767}, ints.toInts());
      row(StoredType.I8, bytes(3).put((byte) -128).put((byte) 127).put((byte) -1)).into(ints);
      assertArrayEquals(new int[] {-128, 127, -1}, ints.toInts());
      Tensor truths = scope.allocate(DType.U8, 3);
      row(StoredType.BOOL, bytes(3).put((byte) 0).put((byte) 1).put((byte) 2)).into(truths);
      assertArrayEquals(new int[] {0, 1, 1}, truths.toInts());
      assertEquals("some.file: tensor x: expected U8[3], found I8[3]",
          assertThrows(TensorFileException.class, () -> row(StoredType.I8, bytes(3)).into(truths)).getMessage());
      assertEquals("some.file: tensor x: expected I32[3], found F64[3]",
          assertThrows(TensorFileException.class, () -> row(StoredType.F64, bytes(24)).into(ints)).getMessage());
    }
  }

  @Test
  void everyTypeReadsIntoATensorOfItsOwn() throws IOException {
    for (StoredType type : StoredType.values()) {
      try (Scope scope = Device.cpu(1).newScope()) {
        assertTrue(type.reads(type.dtype()));
        ByteBuffer bytes = bytes(type.byteSize());
        // The least bit of the last byte: a number in every type.
        bytes.put(type.byteSize() - 1, (byte) 1);
        Tensor tensor = scope.allocate(type.dtype(), 1);
        row(type, bytes).into(tensor);
        byte[] found = new byte[(int) tensor.byteSize()];
        tensor.device().download(tensor, MemorySegment.ofArray(found));
        if (type.name().equals(type.dtype().name())) {
          assertArrayEquals(bytes.array(), found, type.name());
          assertEquals(type.dtype().byteSize(), type.byteSize());
        }
      }
    }
    for (DType dtype : DType.values()) {
      assertEquals(dtype, StoredType.valueOf(dtype.name()).dtype());
    }
  }

  @Test
  void contradictionsAreRefused() {
    MemorySegment four = MemorySegment.ofArray(new byte[4]);
    assertEquals("strides: expected a number of at least 0 for each dimension of [2, 2], got [1]",
        assertThrows(IllegalArgumentException.class, () -> new TensorEntry(FILE, "x", StoredType.U8, Shape.of(2, 2), List.of(1L), four)).getMessage());
    assertEquals("strides: expected a number of at least 0 for each dimension of [2], got [-1]",
        assertThrows(IllegalArgumentException.class, () -> new TensorEntry(FILE, "x", StoredType.U8, Shape.of(2), List.of(-1L), four)).getMessage());
    assertEquals("data: expected 8 bytes for F32[2] with strides [1], got 4",
        assertThrows(IllegalArgumentException.class, () -> new TensorEntry(FILE, "x", StoredType.F32, Shape.of(2), List.of(1L), four)).getMessage());
  }
}
