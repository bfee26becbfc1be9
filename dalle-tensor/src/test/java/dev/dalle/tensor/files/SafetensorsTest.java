package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Writes files, and reads them back. */
class SafetensorsTest {
  @TempDir
  private Path folder;

  static Stream<Device> devices() {
    return Stream.of(new ReferenceDevice(), Device.cpu(1), OpaqueDevice.open(1));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static ParameterSet model(Scope scope, float start) {
    ParameterSet parameters = new ParameterSet(scope);
    float next = start;
    for (Parameter parameter : List.of(parameters.add("a.weight", Parameter.Kind.MATRIX, 3, 1, 5), parameters.add("a.bias", Parameter.Kind.FULL, 3),
        parameters.add("none", Parameter.Kind.FULL, 0))) {
      float[] values = new float[(int) parameter.shape().elementCount()];
      for (int i = 0; i < values.length; i++) {
        values[i] = next;
        next = -1.01f * next;
      }
      parameter.value().write(values);
    }
    return parameters;
  }

  /** The whole file, byte by byte: 8 bytes of length, the header with spaces to a multiple of 8, the elements in the order given. */
  @ParameterizedTest
  @MethodSource("devices")
  void layoutIsThatOfTheFormat(Device device) throws IOException {
    try (Scope scope = device.newScope()) {
      Tensor bytes = scope.allocate(DType.U8, 1);
      device.upload(MemorySegment.ofArray(new byte[] {7}), bytes);
      Tensor half = scope.allocate(DType.BF16, 1, 2);
      half.write(new float[] {1.5f, -2});
      Tensor codes = scope.allocate(DType.U16, 1);
      codes.write(new int[] {0xF201});
      Path path = folder.resolve("made/on/the/way/x.safetensors");
      Safetensors.write(path, List.of(new NamedTensor("z", bytes), new NamedTensor("ä\"", half), new NamedTensor("s", scope.of(new int[] {-2}, new long[0])),
          new NamedTensor("codes", codes)),
          Map.of("format", "test", "a", "ß"));
      String header = "{\"__metadata__\":{\"a\":\"ß\",\"format\":\"test\"},\"z\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
          + "\"ä\\\"\":{\"dtype\":\"BF16\",\"shape\":[1,2],\"data_offsets\":[1,5]},\"s\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[5,9]},"
          + "\"codes\":{\"dtype\":\"U16\",\"shape\":[1],\"data_offsets\":[9,11]}}";
      byte[] headerBytes = header.getBytes(java.nio.charset.StandardCharsets.UTF_8);
      int padded = (headerBytes.length + 7) / 8 * 8;
      java.nio.ByteBuffer expected = java.nio.ByteBuffer.allocate(8 + padded + 11).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      expected.putLong(padded).put(headerBytes);
      while (expected.position() < 8 + padded) {
        expected.put((byte) ' ');
      }
      expected.put((byte) 7).put(new byte[] {(byte) 0xC0, 0x3F, 0, (byte) 0xC0}).putInt(-2).put(new byte[] {1, (byte) 0xF2});
      assertArrayEquals(expected.array(), Files.readAllBytes(path));
      assertEquals(List.of("x.safetensors"), names(path.getParent()));
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void parametersComeBackToTheBit(Device device) throws IOException {
    Path path = folder.resolve("model.safetensors");
    try (Scope scope = device.newScope()) {
      ParameterSet written = model(scope, 0.1f);
      ParameterSet read = model(scope, 9);
      Safetensors.writeParameters(path, "model.", written, Map.of());
      byte[] first = Files.readAllBytes(path);
      Safetensors.writeParameters(path, "model.", written, Map.of());
      assertArrayEquals(first, Files.readAllBytes(path));
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertEquals(List.of("model.a.weight", "model.a.bias", "model.none"), file.entries().stream().map(TensorEntry::name).toList());
        Safetensors.readParameters(file, "model.", read);
      }
      for (Parameter parameter : written) {
        assertArrayEquals(parameter.value().toFloats(), read.get(parameter.name()).value().toFloats(), parameter.name());
      }
      Safetensors.writeParameters(path, "model.", read, Map.of());
      assertArrayEquals(first, Files.readAllBytes(path));
    }
  }

  /** More elements than are taken from the device, or converted, at a time. */
  @ParameterizedTest
  @MethodSource("devices")
  void tensorsLargerThanThePiecesTheyAreMovedIn(Device device) throws IOException {
    int count = (5 << 20) / 2 + 3;
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i % 256;
    }
    Path path = folder.resolve("large.safetensors");
    try (Scope scope = device.newScope()) {
      Safetensors.write(path, List.of(new NamedTensor("x", scope.of(values, count, 1))), Map.of());
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
          Tensor read = scope.allocate(dtype, count, 1);
          file.get("x").into(read);
          assertArrayEquals(values, read.toFloats(), dtype.name());
        }
      }
    }
  }

  /** Matrices in 16 bits come back to the bit; written in F32 they are rounded to nearest even when they are read, and widened the other way. */
  @Test
  void matricesIn16BitsGoThroughFiles() throws IOException {
    Path narrowPath = folder.resolve("narrow.safetensors");
    Path widePath = folder.resolve("wide.safetensors");
    for (DType type : new DType[] {DType.F16, DType.BF16}) {
      try (Scope scope = Device.cpu(1).newScope()) {
        ParameterSet wide = new ParameterSet(scope);
        ParameterSet narrow = new ParameterSet(scope, type);
        ParameterSet again = new ParameterSet(scope, type);
        ParameterSet widened = new ParameterSet(scope);
        for (ParameterSet set : List.of(wide, narrow, again, widened)) {
          set.add("weight", Parameter.Kind.MATRIX, 7, 19).drawNormal(1, 2, 0.5);
          set.add("bias", Parameter.Kind.FULL, 19).drawNormal(1, 3, 0.5);
        }
        Safetensors.writeParameters(widePath, "", wide, Map.of());
        Safetensors.writeParameters(narrowPath, "", narrow, Map.of());
        try (SafetensorsFile file = SafetensorsFile.open(narrowPath)) {
          assertEquals(type, file.get("weight").type().dtype());
          assertEquals(StoredType.F32, file.get("bias").type());
          again.get("weight").value().write(new float[7 * 19]);
          Safetensors.readParameters(file, "", again);
          Safetensors.readParameters(file, "", widened);
        }
        assertArrayEquals(narrow.get("weight").value().toFloats(), again.get("weight").value().toFloats());
        assertArrayEquals(narrow.get("weight").value().toFloats(), widened.get("weight").value().toFloats());
        again.get("weight").value().write(new float[7 * 19]);
        try (SafetensorsFile file = SafetensorsFile.open(widePath)) {
          Safetensors.readParameters(file, "", again);
        }
        assertArrayEquals(narrow.get("weight").value().toFloats(), again.get("weight").value().toFloats());
        assertArrayEquals(wide.get("bias").value().toFloats(), again.get("bias").value().toFloats());
      }
    }
  }

  @Test
  void everythingThatDoesNotFitIsListedAndNothingIsCopied() throws IOException {
    Path path = folder.resolve("model.safetensors");
    try (Scope scope = new ReferenceDevice().newScope()) {
      Tensor one = scope.of(new float[] {4}, 1);
      Tensor count = scope.of(new int[] {4}, 1);
      Safetensors.write(path, List.of(new NamedTensor("m.same", one), new NamedTensor("m.left", count), new NamedTensor("m.shape", one),
          new NamedTensor("m.type", count), new NamedTensor("other", one)), Map.of());
      ParameterSet parameters = new ParameterSet(scope);
      parameters.add("same", Parameter.Kind.FULL, 1).value().write(new float[] {-1});
      parameters.add("shape", Parameter.Kind.FULL, 1, 1);
      parameters.add("type", Parameter.Kind.FULL, 1);
      parameters.add("missing", Parameter.Kind.FULL, 2, 3);
      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertEquals(path + """
            : 4 tensors do not fit; is it the file of another configuration?
              m.shape: expected F32[1, 1], found F32[1]
              m.type: expected F32[1], found I32[1]
              m.missing: expected F32[2, 3], found none
              m.left: expected none, found I32[1]""",
            assertThrows(TensorFileException.class, () -> Safetensors.readParameters(file, "m.", parameters)).getMessage());
        assertEquals(-1, parameters.get("same").value().toFloat());
        assertEquals(path + ": 1 tensor does not fit; is it the file of another configuration?\n  nowhere: expected F32[1], found none",
            assertThrows(TensorFileException.class, () -> Safetensors.read(file, "n", List.of(new NamedTensor("nowhere", one)))).getMessage());
        Safetensors.read(file, "o", List.of(new NamedTensor("other", parameters.get("same").value())));
        assertEquals(4, parameters.get("same").value().toFloat());
      }
    }
  }

  @Test
  void namesThatCannotBeWrittenAreRefused() {
    try (Scope scope = new ReferenceDevice().newScope()) {
      Tensor one = scope.of(new float[1], 1);
      Path path = folder.resolve("never");
      refused("tensors: expected every name once, got x twice", path, List.of(new NamedTensor("x", one), new NamedTensor("x", one)), Map.of());
      refused("tensors: the format keeps the name __metadata__ for itself", path, List.of(new NamedTensor("__metadata__", one)), Map.of());
      refused("tensors: expected text with whole surrogate pairs, got \ud800", path, List.of(new NamedTensor("\ud800", one)), Map.of());
      refused("metadata: expected text with whole surrogate pairs, got \udc00", path, List.of(), Map.of("k", "\udc00"));
      assertTrue(Files.notExists(path));
    }
  }

  private static void refused(String message, Path path, List<NamedTensor> tensors, Map<String, String> metadata) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, () -> Safetensors.write(path, tensors, metadata)).getMessage());
  }

  /** A disk that takes so many bytes and then is full. */
  private static TensorOutput.Sink diskOf(long bytes, String complaint) {
    long[] left = {bytes};
    return (channel, buffer) -> {
      if (left[0] == 0) {
        throw new IOException(complaint);
      }
      int limit = buffer.limit();
      buffer.limit((int) Math.min(limit, buffer.position() + left[0]));
      int written = channel.write(buffer);
      buffer.limit(limit);
      left[0] -= written;
      return written;
    };
  }

  @Test
  void aFullDiskLeavesTheOldFileAndNoOther() throws IOException {
    Path path = folder.resolve("x.safetensors");
    Files.writeString(path, "old");
    try (Scope scope = new ReferenceDevice().newScope()) {
      SafetensorsWriter writer = new SafetensorsWriter(OutputTensor.ofTensors(List.of(new NamedTensor("x", scope.of(new float[1_000], 1_000)))), Map.of());
      for (long room : new long[] {0, 3, 8, 50, 4_000}) {
        DiskFullException full =
            assertThrows(DiskFullException.class, () -> writer.write(path, diskOf(room, "No space left on device")));
        assertTrue(full.getMessage().startsWith(path + ": no room to write 4072 bytes, "), full.getMessage());
        assertTrue(full.getMessage().endsWith(" are free in " + folder + "; what was there before is kept. Make room and try again"));
        assertEquals("old", Files.readString(path));
        assertEquals(List.of("x.safetensors"), names(folder));
      }
      IOException broken = assertThrows(IOException.class, () -> writer.write(path, diskOf(20, "Input/output error")));
      assertEquals("Input/output error", broken.getMessage());
      assertEquals("old", Files.readString(path));
      assertEquals(List.of("x.safetensors"), names(folder));

      writer.write(path, diskOf(4_072, "No space left on device"));
      assertEquals(4_072, Files.size(path));
      assertEquals(List.of("x.safetensors"), names(folder));
    }
  }

  @Test
  void aDeviceThatFailsLeavesTheOldFile() throws IOException {
    Path path = folder.resolve("x.safetensors");
    Files.writeString(path, "old");
    OpaqueDevice device = OpaqueDevice.open(1);
    try (Scope scope = device.newScope()) {
      Tensor tensor = scope.zeros(DType.F32, dev.dalle.tensor.Shape.of(3));
      device.launch("fails", (team, memory) -> {
        throw new IllegalStateException("the kernel failed");
      }, tensor);
      assertEquals("the kernel failed", assertThrows(IllegalStateException.class,
          () -> Safetensors.write(path, List.of(new NamedTensor("x", tensor)), Map.of())).getMessage());
    }
    assertEquals("old", Files.readString(path));
    assertEquals(List.of("x.safetensors"), names(folder));
  }

  @Test
  void aFolderInTheWayIsAnErrorAndStays() throws IOException {
    Path path = Files.createDirectories(folder.resolve("x.safetensors").resolve("inside")).getParent();
    assertThrows(IOException.class, () -> Safetensors.write(path, List.of(), Map.of()));
    assertEquals(List.of("x.safetensors"), names(folder));
    assertTrue(Files.isDirectory(path.resolve("inside")));
    assertThrows(IOException.class, () -> Safetensors.write(folder.getRoot(), List.of(), Map.of()));
  }

  /** Readers that have the old file open keep what they have. */
  @Test
  void anOpenFileKeepsItsContentWhenItIsReplaced() throws IOException {
    Path path = folder.resolve("x.safetensors");
    try (Scope scope = new ReferenceDevice().newScope()) {
      Tensor tensor = scope.of(new float[] {1}, 1);
      Safetensors.write(path, List.of(new NamedTensor("x", tensor)), Map.of());
      try (SafetensorsFile old = SafetensorsFile.open(path)) {
        Safetensors.write(path, List.of(new NamedTensor("x", scope.of(new float[] {2}, 1))), Map.of());
        old.get("x").into(tensor);
        assertEquals(1, tensor.toFloat());
      }
    }
  }
}
