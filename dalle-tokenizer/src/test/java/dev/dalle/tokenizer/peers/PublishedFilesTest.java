package dev.dalle.tokenizer.peers;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Files that others have published: every {@code tokenizer.json} below a folder loads and gives the tokens and texts that Hugging Face's tokenizers give for it.
 * The files are large and not ours, so the folder is named in a system property.
 */
@EnabledIfSystemProperty(named = "dalle.test.tokenizers", matches = ".+",
    disabledReason = "name a folder with files tokenizer.json in the system property dalle.test.tokenizers")
class PublishedFilesTest {
  private static final List<String> TEXTS = Texts.allOfOldBlocks();

  @TestFactory
  List<DynamicTest> everyFileOfTheFolder() throws IOException {
    Path root = Path.of(System.getProperty("dalle.test.tokenizers"));
    try (Stream<Path> found = Files.walk(root)) {
      List<Path> files = found.filter(file -> file.getFileName().toString().equals("tokenizer.json")).sorted().toList();
      assertFalse(files.isEmpty(), root + " holds no tokenizer.json");
      return files.stream().map(file -> DynamicTest.dynamicTest(root.relativize(file).toString(),
          () -> HuggingFacePeer.assertSame(file, TEXTS, TEXTS.size(), text -> true))).toList();
    }
  }
}
