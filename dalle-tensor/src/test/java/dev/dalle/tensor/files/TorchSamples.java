package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** The files that PyTorch itself made, see make_torch_files.py, and what it says is in them. */
final class TorchSamples {
  private TorchSamples() {}

  /** A tensor as PyTorch sees it. */
  record Expected(String file, String name, String type, String shape, String digits) {
    @Override
    public String toString() {
      return name + " " + type + shape + " " + digits;
    }
  }

  static List<Path> folders() {
    return Stream.of("torch-1.13", "torch-2.6").map(TorchSamples::path).toList();
  }

  static Path path(String name) {
    try {
      return Path.of(TorchSamples.class.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** All files but those that say what is expected. */
  static List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path folder : folders()) {
      try (Stream<Path> inside = Files.list(folder)) {
        inside.filter(path -> !path.endsWith("expected.txt")).sorted().forEach(files::add);
      }
    }
    return files;
  }

  static List<Expected> expected(Path file) throws IOException {
    return Files.readAllLines(file.resolveSibling("expected.txt")).stream().map(line -> line.split("\t", -1))
        .map(parts -> new Expected(parts[0], parts[1], parts[2], parts[3], parts[4])).filter(line -> file.endsWith(line.file)).toList();
  }

  /** The elements in row-major order. */
  static byte[] elements(TensorEntry entry) {
    byte[] bytes = new byte[(int) entry.shape().elementCount() * entry.type().byteSize()];
    new StridedElements(entry.data(), entry.type().byteSize(), entry.shape(), entry.strides()).copy(0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  static void assertHolds(List<Expected> expected, TensorFile file) {
    assertEquals(String.join("\n", expected.stream().map(Expected::toString).toList()), String.join("\n", file.entries().stream().map(entry -> new Expected("",
        entry.name(), entry.type().name(), entry.shape().toString(), HexFormat.of().formatHex(elements(entry))).toString()).toList()));
  }
}
