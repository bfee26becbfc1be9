package dev.dalle.tokenizer.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.dalle.tokenizer.BpeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Files that others have published: every {@code tokenizer.json} below a folder loads and gives the tokens and texts that Hugging Face's tokenizers give for it.
 * The files are large and not ours, so the folder is named in a system property.
 */
@EnabledIfSystemProperty(named = "dalle.test.tokenizers", matches = ".+", disabledReason = "name a folder with files tokenizer.json in the system property dalle.test.tokenizers")
class PublishedFilesTest {
  private static final List<String> TEXTS = Texts.allOfOldBlocks();

  @BeforeAll
  static void stayOffline() {
    System.setProperty("ai.djl.offline", "true");
  }

  @TestFactory
  List<DynamicTest> everyFileOfTheFolder() throws IOException {
    Path root = Path.of(System.getProperty("dalle.test.tokenizers"));
    try (Stream<Path> found = Files.walk(root)) {
      List<Path> files = found.filter(file -> file.getFileName().toString().equals("tokenizer.json")).sorted().toList();
      assertFalse(files.isEmpty(), root + " holds no tokenizer.json");
      return files.stream().map(file -> DynamicTest.dynamicTest(root.relativize(file).toString(), () -> assertSame(file))).toList();
    }
  }

  private static void assertSame(Path file) throws IOException {
    BpeTokenizer ours = BpeTokenizer.load(file);
    try (HuggingFaceTokenizer theirs = HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"))) {
      for (String text : TEXTS) {
        int[] expected = ids(theirs.encode(text, false, false).getIds());
        assertArrayEquals(expected, ours.encode(text), () -> "\"" + text + "\": " + shown(ours, expected) + " <> " + shown(ours, ours.encode(text)));
        int[] whole = ids(theirs.encode(text, true, false).getIds());
        assertArrayEquals(whole, ours.encodeWithTemplate(text), () -> "with the template: \"" + text + "\"");
        if (expected.length > 0) {
          long[] wide = Arrays.stream(expected).asLongStream().toArray();
          assertEquals(theirs.decode(wide, false), ours.decode(expected), () -> "decoding \"" + text + "\"");
          assertEquals(theirs.decode(wide, true), ours.decode(expected, true), () -> "decoding \"" + text + "\" without special tokens");
        }
      }
    }
  }

  private static String shown(BpeTokenizer tokenizer, int[] ids) {
    return Arrays.stream(ids).mapToObj(tokenizer::tokenText).toList().toString();
  }

  private static int[] ids(long[] wide) {
    return Arrays.stream(wide).mapToInt(Math::toIntExact).toArray();
  }
}
