package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads files that PyTorch itself wrote. */
class TorchFileTest {
  @TempDir
  private Path folder;

  static List<Path> readable() throws IOException {
    return TorchSamples.files().stream().filter(path -> !path.getFileName().toString().startsWith("refused-")).toList();
  }

  /** Every tensor, by the name that PyTorch's own state_dict() or the keys give it, in that order, to the bit. */
  @ParameterizedTest
  @MethodSource("readable")
  void holdsWhatPyTorchSays(Path path) throws IOException {
    List<TorchSamples.Expected> expected = TorchSamples.expected(path);
    assertEquals(path.endsWith("none.pt"), expected.isEmpty());
    try (TensorFile file = TensorFile.open(path)) {
      assertTrue(file instanceof TorchFile);
      assertEquals(path, file.path());
      TorchSamples.assertHolds(expected, file);
    }
  }

  @Test
  void everyKindOfElementIsReadIntoTensors() throws IOException {
    try (TensorFile file = TorchFile.open(TorchSamples.path("torch-2.6/kinds.pt")); Scope scope = Device.cpu(1).newScope()) {
      for (TensorEntry entry : file.entries()) {
        Tensor tensor = scope.allocate(entry.type().dtype(), entry.shape());
        entry.into(tensor);
        if (entry.name().startsWith("float") || entry.name().equals("bfloat16")) {
          Tensor other = scope.allocate(DType.BF16, entry.shape());
          entry.into(other);
          for (int i = 0; i < 6; i++) {
            assertEquals(0.75f * i - 5, tensor.toFloats()[i], entry.name());
            assertEquals(0.75f * i - 5, other.toFloats()[i], entry.name());
          }
        } else if (List.of("int32", "int16", "int8").contains(entry.name())) {
          for (int i = 0; i < 6; i++) {
            assertEquals(i - 100, tensor.toInts()[i], entry.name());
          }
        }
      }
    }
  }

  /** Every type stays what it is, and views become tensors of their own. */
  @Test
  void tensorsGoFromFileToFileAsTheyAre() throws IOException {
    for (String name : List.of("torch-1.13/kinds.pt", "torch-2.6/kinds-stream.pt", "torch-2.6/views.pt", "torch-2.6/codes.pt", "torch-2.6/nested.pth",
        "torch-2.6/none.pt")) {
      Path path = TorchSamples.path(name);
      List<TorchSamples.Expected> expected = TorchSamples.expected(path);
      Path torch = folder.resolve("copy.pt");
      Path safe = folder.resolve("copy.safetensors");
      try (TensorFile file = TensorFile.open(path)) {
        StateDict.copy(torch, file.entries());
        Safetensors.copy(safe, file.entries(), Map.of("from", name));
      }
      try (TensorFile copy = TensorFile.open(torch); SafetensorsFile other = SafetensorsFile.open(safe)) {
        TorchSamples.assertHolds(expected, copy);
        TorchSamples.assertHolds(expected, other);
        assertEquals(Map.of("from", name), other.metadata());
        // A file may take its own place.
        StateDict.copy(torch, copy.entries());
      }
      try (TensorFile copy = TensorFile.open(torch)) {
        TorchSamples.assertHolds(expected, copy);
      }
    }
  }

  /** Views of one storage stay views of the same bytes of the file. */
  @Test
  void storagesAreNotCopied() throws IOException {
    for (String name : List.of("torch-2.6/views.pt", "torch-2.6/views-stream.pt")) {
      try (TensorFile file = TensorFile.open(TorchSamples.path(name))) {
        TensorEntry row = file.get("row");
        assertTrue(row.data().isMapped());
        assertTrue(row.data().isReadOnly());
        for (String view : List.of("matrix", "transposed", "windows", "permuted", "part", "column", "last", "expanded")) {
          TensorEntry entry = file.get(view);
          assertTrue(row.data().asOverlappingSlice(entry.data()).isPresent(), view);
          assertEquals(List.of("matrix", "last").contains(view), entry.isRowMajor(), view);
        }
        assertFalse(row.data().asOverlappingSlice(file.get("images").data()).isPresent());
        assertEquals(4, file.get("expanded").data().byteSize());
      }
    }
  }

  @Test
  void parametersAreReadUnderTheirPrefix() throws IOException {
    try (TensorFile file = TensorFile.open(TorchSamples.path("torch-2.6/nested.pth")); Scope scope = Device.cpu(1).newScope()) {
      Tensor weight = scope.allocate(DType.F32, 3, 2);
      Tensor bias = scope.allocate(DType.F32, 3);
      file.read("model.", List.of(new NamedTensor("model.weight", weight), new NamedTensor("model.bias", bias)));
      // The optimizer that is also in the file has taken a step of 0.001.
      assertEquals(-4.251f, weight.toFloats()[1], 1e-6f);
      assertEquals(-3.501f, bias.toFloats()[2], 1e-6f);
      assertEquals(file.path() + ": 1 tensor does not fit; is it the file of another configuration?\n  model.bias: expected none, found F32[3]",
          assertThrows(TensorFileException.class, () -> file.read("model.", List.of(new NamedTensor("model.weight", weight)))).getMessage());
    }
  }

  private static final String NOT_RUN = ": not something that a file of tensors needs, and nothing that a file names is run here. If the file is to be trusted, "
      + "load it with PyTorch and save its tensors alone, torch.save(model.state_dict(), path)";

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "sparse|asks to call torch._utils._rebuild_sparse_tensor@",
      "quantized|expected elements of a type that is read here ([F64, F32, F16, BF16, I64, I32, I16, I8, U8, U16, BOOL]), found the name torch.QInt8Storage; "
          + "convert the tensors to one of these and save them again",
      "complex|expected elements of a type that is read here ([F64, F32, F16, BF16, I64, I32, I16, I8, U8, U16, BOOL]), found the name "
          + "torch.ComplexFloatStorage; convert the tensors to one of these and save them again",
      "float8|expected elements of a type that is read here ([F64, F32, F16, BF16, I64, I32, I16, I8, U8, U16, BOOL]), found the name torch.float8_e5m2; "
          + "convert the tensors to one of these and save them again",
      "negative|expected a tensor that is stored as it is, found one of which other numbers are stored ([neg]); save what resolve_neg() and resolve_conj() make "
          + "of it",
      "meta|asks to call torch._utils._rebuild_meta_tensor_no_storage@",
      "path|asks to call pathlib.PurePosixPath@"})
  void whatIsNotReadIsRefusedByName(String name, String message) {
    Path path = TorchSamples.path("torch-2.6/refused-" + name + ".pt");
    String found = assertThrows(TensorFileException.class, () -> TensorFile.open(path)).getMessage();
    assertTrue(found.matches("(?s).*refused-" + name + "\\.pt: refused-" + name + "/data\\.pkl: byte \\d+: .*"), found);
    assertEquals(message.replace("@", NOT_RUN), found.replaceFirst("(?s).*data\\.pkl: byte \\d+: ", ""));
  }

  @Test
  void formatsAreToldByContent() throws IOException {
    Path path = folder.resolve("weights.pt");
    try (Scope scope = Device.cpu(1).newScope()) {
      Safetensors.writeParameters(path, "", new ParameterSet(scope), Map.of());
    }
    try (TensorFile file = TensorFile.open(path)) {
      assertTrue(file instanceof SafetensorsFile);
    }
    assertEquals(path + ": expected a file of torch.save, found a safetensors file; open it as such",
        assertThrows(TensorFileException.class, () -> TorchFile.open(path)).getMessage());
    Path copied = Files.copy(TorchSamples.path("torch-2.6/alone.pt"), folder.resolve("x.safetensors"));
    try (TensorFile file = TensorFile.open(copied)) {
      assertEquals(Shape.of(3), file.get("tensor").shape());
    }
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path path = folder.resolve("x");
    refused(path, new byte[0], "expected a file of safetensors or of torch.save, found no bytes");
    refused(path, "PK".getBytes(), "expected a file of safetensors or of torch.save, found bytes 50 4b at its beginning");
    refused(path, "\u0089PNG....".getBytes(StandardCharsets.ISO_8859_1),
        "expected a file of safetensors or of torch.save, found bytes 89 50 4e 47 2e 2e 2e 2e at its beginning");
    byte[] tar = new byte[512];
    System.arraycopy("ustar".getBytes(), 0, tar, 257, 5);
    refused(path, tar, "expected a file of safetensors or of torch.save, found a tar archive; if it is of the first form that PyTorch had, load it there and save "
        + "it once more");
  }

  private static void refused(Path path, byte[] content, String message) throws IOException {
    Files.write(path, content);
    assertEquals(path + ": " + message, assertThrows(TensorFileException.class, () -> TensorFile.open(path)).getMessage());
  }

  @Test
  void closedFilesGiveNothingMore() throws IOException {
    TensorFile file = TensorFile.open(TorchSamples.path("torch-2.6/alone.pt"));
    TensorEntry entry = file.get("tensor");
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, () -> TorchSamples.elements(entry));
    assertEquals(List.of("tensor"), file.entries().stream().map(TensorEntry::name).toList());
  }
}
