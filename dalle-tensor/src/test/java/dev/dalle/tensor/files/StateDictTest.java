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
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Writes files for PyTorch, and reads them back here and with the JDK's reader of archives; LibtorchFilesTest reads them with PyTorch's own library. */
class StateDictTest {
  @TempDir
  private Path folder;

  static Stream<Device> devices() {
    return Stream.of(new ReferenceDevice(), Device.cpu(1), OpaqueDevice.open(1));
  }

  /** A tensor of every type, and of shapes that are special. */
  static List<NamedTensor> tensors(Scope scope) {
    List<NamedTensor> tensors = new ArrayList<>();
    for (DType dtype : DType.values()) {
      Tensor tensor = scope.allocate(dtype, 2, 3);
      byte[] bytes = new byte[(int) tensor.byteSize()];
      for (int i = 0; i < bytes.length; i++) {
        // Finite numbers in every type.
        bytes[i] = (byte) (i * 37 % 113);
      }
      tensor.device().upload(MemorySegment.ofArray(bytes), tensor);
      tensors.add(new NamedTensor(dtype.name(), tensor));
    }
    tensors.add(new NamedTensor("layer.\u00fc \ud83d\ude00.weight", scope.of(new float[] {-1.5f}, new long[0])));
    tensors.add(new NamedTensor("empty", scope.of(new float[0], 3, 0, 2)));
    tensors.add(new NamedTensor("deep", scope.of(new int[] {7, 8, 9, 10, 11, 12}, 1, 2, 1, 3, 1)));
    return tensors;
  }

  private static byte[] bytes(Tensor tensor) {
    byte[] bytes = new byte[(int) tensor.byteSize()];
    tensor.device().download(tensor, MemorySegment.ofArray(bytes));
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void whatIsWrittenIsReadAgain(Device device) throws IOException {
    Path path = folder.resolve("made/model.pt");
    try (Scope scope = device.newScope()) {
      List<NamedTensor> tensors = tensors(scope);
      StateDict.write(path, tensors);
      byte[] first = Files.readAllBytes(path);
      StateDict.write(path, tensors);
      assertArrayEquals(first, Files.readAllBytes(path));
      try (TensorFile file = TensorFile.open(path)) {
        assertTrue(file instanceof TorchFile);
        assertEquals(tensors.stream().map(NamedTensor::name).toList(), file.entries().stream().map(TensorEntry::name).toList());
        for (NamedTensor named : tensors) {
          TensorEntry entry = file.get(named.name());
          assertEquals(named.tensor().dtype().name(), entry.type().name());
          assertEquals(named.tensor().shape(), entry.shape());
          assertTrue(entry.isRowMajor());
          assertArrayEquals(bytes(named.tensor()), entry.data().toArray(ValueLayout.JAVA_BYTE), named.name());
        }
      }
      try (Stream<Path> files = Files.list(path.getParent())) {
        assertEquals(List.of(path), files.toList());
      }
    }
  }

  /** Its records, their order, their sums, and where their contents begin. */
  @Test
  void theArchiveIsSound() throws IOException {
    Path path = folder.resolve("model.pt");
    try (Scope scope = new ReferenceDevice().newScope()) {
      List<NamedTensor> tensors = tensors(scope);
      StateDict.write(path, tensors);
      List<String> expected = new ArrayList<>(List.of("archive/data.pkl", "archive/byteorder"));
      IntStream.range(0, tensors.size()).forEach(i -> expected.add("archive/data/" + i));
      expected.add("archive/version");
      byte[] all = Files.readAllBytes(path);
      try (ZipFile zip = new ZipFile(path.toFile())) {
        List<? extends ZipEntry> entries = Collections.list(zip.entries());
        assertEquals(expected, entries.stream().map(ZipEntry::getName).toList());
        for (ZipEntry entry : entries) {
          assertEquals(ZipEntry.STORED, entry.getMethod());
          // Reading to the end compares the sum.
          byte[] content = zip.getInputStream(entry).readAllBytes();
          assertEquals(entry.getSize(), content.length);
        }
        assertEquals("little", new String(zip.getInputStream(zip.getEntry("archive/byteorder")).readAllBytes()));
        assertEquals("3\n", new String(zip.getInputStream(zip.getEntry("archive/version")).readAllBytes()));
      }
      ZipRecords records = new ZipRecords(new MappedFile(path, null, MemorySegment.ofArray(all)));
      for (String name : expected) {
        assertEquals(0, records.find(name).orElseThrow().address() % 64, name);
      }
    }
  }

  @Test
  void parametersGoToPyTorchAndBack() throws IOException {
    Path path = folder.resolve("model.pt");
    try (Scope scope = Device.cpu(1).newScope()) {
      ParameterSet written = new ParameterSet(scope);
      ParameterSet read = new ParameterSet(scope);
      for (ParameterSet set : List.of(written, read)) {
        set.add("a.weight", Parameter.Kind.MATRIX, 7, 19).drawNormal(1, 2, 0.5);
        set.add("a.bias", Parameter.Kind.FULL, 19).drawNormal(1, 3, 0.5);
      }
      read.get("a.weight").value().write(new float[7 * 19]);
      StateDict.writeParameters(path, "model.", written);
      try (TensorFile file = TensorFile.open(path)) {
        file.readParameters("model.", read);
      }
      assertArrayEquals(written.get("a.weight").value().toFloats(), read.get("a.weight").value().toFloats());
    }
  }

  @Test
  void namesThatCannotBeWrittenAreRefused() {
    try (Scope scope = new ReferenceDevice().newScope()) {
      Tensor one = scope.of(new float[1], 1);
      assertEquals("tensors: expected every name once, got x twice", assertThrows(IllegalArgumentException.class,
          () -> StateDict.write(folder.resolve("x"), List.of(new NamedTensor("x", one), new NamedTensor("x", one)))).getMessage());
      assertEquals("tensors: expected text with whole surrogate pairs, got \ud800", assertThrows(IllegalArgumentException.class,
          () -> StateDict.write(folder.resolve("x"), List.of(new NamedTensor("\ud800", one)))).getMessage());
    }
  }

  @Test
  void aFullDiskLeavesTheOldFile() throws IOException {
    Path path = folder.resolve("model.pt");
    Files.writeString(path, "old");
    try (Scope scope = new ReferenceDevice().newScope()) {
      StateDictWriter writer = new StateDictWriter(OutputTensor.ofTensors(List.of(new NamedTensor("x", scope.of(new float[1_000], 1_000)))));
      long[] left = {3_000};
      DiskFullException full = assertThrows(DiskFullException.class, () -> writer.write(path, (channel, bytes) -> {
        if (left[0] < bytes.remaining()) {
          throw new IOException("No space left on device");
        }
        left[0] -= bytes.remaining();
        return channel.write(bytes);
      }));
      // What will be written was known before.
      writer.write(folder.resolve("whole.pt"), FileChannel::write);
      assertTrue(full.getMessage().startsWith(path + ": no room to write " + Files.size(folder.resolve("whole.pt")) + " bytes, "), full.getMessage());
      assertEquals("old", Files.readString(path));
    }
  }

  /** Places and sizes of 64 bits, and more records than 16 bits can count; the contents are holes in the file. */
  @Test
  void largeArchives() throws IOException {
    ZipLayout layout = new ZipLayout();
    long large = (1L << 32) - 1;
    layout.add("large", large);
    layout.add("after", 3);
    layout.add("almost", large - 1);
    for (int i = 0; i < 0xFFFF; i++) {
      layout.add("data/" + i, 1);
    }
    Path path = folder.resolve("large.zip");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (ZipLayout.Place place : layout.places()) {
        assertEquals(0, place.contentAt() % 64);
        file.seek(place.at());
        file.write(place.header().array());
        assertEquals(place.contentAt(), file.getFilePointer());
        if (place.name().equals("after")) {
          file.write("xyz".getBytes());
        }
      }
      file.seek(layout.byteSize() - layout.directory(layout.places()).remaining());
      file.write(layout.directory(layout.places()).array());
      assertEquals(layout.byteSize(), file.length());
    }
    try (ZipFile zip = new ZipFile(path.toFile())) {
      assertEquals(0xFFFF + 3, zip.size());
      assertEquals(large, zip.getEntry("large").getSize());
      assertEquals(large - 1, zip.getEntry("almost").getSize());
      assertEquals(1, zip.getEntry("data/65534").getSize());
    }
    MemorySegment after = MappedFile.open(path, file -> {
      ZipRecords records = new ZipRecords(file);
      assertEquals(0xFFFF + 3, records.names().size());
      assertEquals(large, records.find("large").orElseThrow().byteSize());
      assertArrayEquals("xyz".getBytes(), records.find("after").orElseThrow().toArray(ValueLayout.JAVA_BYTE));
      file.close();
      return file.bytes();
    });
    assertTrue(after.byteSize() > 2 * large);
  }
}
