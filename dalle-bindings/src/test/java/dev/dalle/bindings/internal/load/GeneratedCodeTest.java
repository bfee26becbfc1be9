package dev.dalle.bindings.internal.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class GeneratedCodeTest {
  private static final Path FOLDER = Path.of("src", "generated");

  @Test
  void isAsItWasGenerated() throws IOException, NoSuchAlgorithmException {
    Map<String, String> wanted = new TreeMap<>();
    for (String line : Files.readAllLines(FOLDER.resolve("checksums.sha256"))) {
      wanted.put(line.substring(66), line.substring(0, 64));
    }
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(FOLDER.resolve("java"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        found.put(FOLDER.relativize(file).toString(), HexFormat.of().formatHex(digest));
      }
    }
    assertFalse(found.isEmpty());
    assertEquals(wanted, found, "generated code was edited; change onednn.includes and run regenerate.sh, or put the difference into the wrapper");
  }

  @Test
  void loaderChecksForEveryFunctionThatIsBound() throws IOException {
    String option = "--include-function ";
    List<String> bound = Files.readAllLines(FOLDER.resolve("onednn.includes")).stream()
        .filter(line -> line.startsWith(option)).map(line -> line.substring(option.length())).toList();
    assertEquals(bound, OneDnnSymbols.DNNL);
  }

  @Test
  void carriesNoTextOfTheHeaders() throws IOException {
    try (Stream<Path> files = Files.walk(FOLDER.resolve("java"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(file);
        assertFalse(text.contains("/*"), file::toString);
        assertEquals(1, text.lines().filter(line -> line.stripLeading().startsWith("//")).count(), file::toString);
      }
    }
  }
}
