package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.ByteVector;
import org.bytedeco.pytorch.GenericDict;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.OutputArchive;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PyTorch's own library reads what is written here, and what it writes is read here. */
class LibtorchFilesTest {
  private static final Map<StoredType, ScalarType> TYPES = Map.of(StoredType.F64, ScalarType.Double, StoredType.F32, ScalarType.Float, StoredType.F16,
      ScalarType.Half, StoredType.BF16, ScalarType.BFloat16, StoredType.I64, ScalarType.Long, StoredType.I32, ScalarType.Int, StoredType.I16, ScalarType.Short,
      StoredType.I8, ScalarType.Char, StoredType.U8, ScalarType.Byte, StoredType.BOOL, ScalarType.Bool);

  @TempDir
  private Path folder;

  private static byte[] bytes(Tensor tensor) {
    Tensor dense = tensor.contiguous();
    byte[] bytes = new byte[(int) (dense.numel() * dense.element_size())];
    if (bytes.length > 0) {
      new BytePointer(dense.data_ptr()).capacity(bytes.length).get(bytes);
    }
    return bytes;
  }

  @Test
  void libtorchReadsWhatIsWritten() throws IOException {
    Path path = folder.resolve("model.pt");
    try (Scope scope = Device.cpu(1).newScope(); PointerScope pointers = new PointerScope()) {
      // The library knows no unsigned integers of 16 bits in files; PyTorch does from 2.3 on.
      List<NamedTensor> tensors = StateDictTest.tensors(scope).stream().filter(named -> named.tensor().dtype() != DType.U16).toList();
      StateDict.write(path, tensors);
      GenericDict found = torch.pickle_load(new ByteVector(Files.readAllBytes(path))).toGenericDict();
      assertEquals(tensors.size(), found.size());
      for (NamedTensor named : tensors) {
        Tensor tensor = found.at(new IValue(named.name())).toTensor();
        assertEquals(TYPES.get(StoredType.valueOf(named.tensor().dtype().name())), tensor.dtype().toScalarType().intern(), named.name());
        assertArrayEquals(named.tensor().shape().toArray(), tensor.sizes().vec().get(), named.name());
        assertTrue(tensor.is_contiguous());
        byte[] expected = new byte[(int) named.tensor().byteSize()];
        named.tensor().device().download(named.tensor(), MemorySegment.ofArray(expected));
        assertArrayEquals(expected, bytes(tensor), named.name());
      }
    }
  }

  @Test
  void libtorchReadsCopiesOfEveryType() throws IOException {
    Path path = folder.resolve("copy.pt");
    try (TensorFile file = TensorFile.open(TorchSamples.path("torch-2.6/kinds.pt")); PointerScope pointers = new PointerScope()) {
      StateDict.copy(path, file.entries());
      GenericDict found = torch.pickle_load(new ByteVector(Files.readAllBytes(path))).toGenericDict();
      assertEquals(file.entries().size(), found.size());
      for (TensorEntry entry : file.entries()) {
        Tensor tensor = found.at(new IValue(entry.name())).toTensor();
        assertEquals(TYPES.get(entry.type()), tensor.dtype().toScalarType().intern(), entry.name());
        assertArrayEquals(entry.shape().toArray(), tensor.sizes().vec().get(), entry.name());
        assertArrayEquals(TorchSamples.elements(entry), bytes(tensor), entry.name());
      }
    }
  }

  /** Tensors of every type, and views of one another. */
  private static Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    float[] values = new float[24];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.75f;
    }
    Tensor matrix = Tensor.create(values).reshape(4, 6).clone();
    TYPES.forEach((type, scalar) -> tensors.put(type.name(), matrix.to(scalar)));
    tensors.put("matrix", matrix);
    tensors.put("transposed", matrix.t());
    tensors.put("column", matrix.select(1, 2));
    tensors.put("scalar", matrix.select(1, 2).select(0, 3));
    tensors.put("expanded", matrix.narrow(1, 2, 1).expand(4, 5));
    tensors.put("empty", matrix.narrow(0, 1, 0));
    return tensors;
  }

  private static void assertHolds(Map<String, Tensor> expected, TensorFile file) {
    assertEquals(expected.keySet(), new HashSet<>(file.entries().stream().map(TensorEntry::name).toList()));
    for (TensorEntry entry : file.entries()) {
      Tensor tensor = expected.get(entry.name());
      assertEquals(tensor.dtype().toScalarType().intern(), TYPES.get(entry.type()), entry.name());
      assertArrayEquals(tensor.sizes().vec().get(), entry.shape().toArray(), entry.name());
      assertArrayEquals(bytes(tensor), TorchSamples.elements(entry), entry.name());
    }
  }

  /** What torch::save of the C++ library writes: an object with tensors as its attributes. */
  @Test
  void archivesOfTheLibrary() throws IOException {
    Path path = folder.resolve("archive.pt");
    try (PointerScope pointers = new PointerScope()) {
      Map<String, Tensor> tensors = tensors();
      OutputArchive archive = new OutputArchive();
      tensors.forEach(archive::write);
      archive.save_to(path.toString());
      try (TensorFile file = TensorFile.open(path)) {
        assertHolds(tensors, file);
      }
    }
  }

  /** What torch::pickle_save writes of one tensor, and of a dictionary. */
  @Test
  void picklesOfTheLibrary() throws IOException {
    Path path = folder.resolve("pickle.pt");
    try (Scope scope = Device.cpu(1).newScope(); PointerScope pointers = new PointerScope()) {
      Map<String, Tensor> tensors = tensors();
      for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
        save(path, new IValue(named.getValue()));
        try (TensorFile file = TensorFile.open(path)) {
          assertHolds(Map.of("tensor", named.getValue()), file);
        }
      }
      StateDict.write(path, List.of(new NamedTensor("a", scope.of(new float[] {1, 2}, 2)), new NamedTensor("b.c", scope.of(new int[] {3}, 1, 1))));
      save(path, torch.pickle_load(new ByteVector(Files.readAllBytes(path))));
      try (TensorFile file = TensorFile.open(path)) {
        assertHolds(Map.of("a", Tensor.create(1f, 2f), "b.c", Tensor.create(3).reshape(1, 1)), file);
      }
    }
  }

  private static void save(Path path, IValue value) throws IOException {
    ByteVector written = torch.pickle_save(value);
    byte[] content = new byte[(int) written.size()];
    for (int i = 0; i < content.length; i++) {
      content[i] = written.get(i);
    }
    Files.write(path, content);
  }
}
