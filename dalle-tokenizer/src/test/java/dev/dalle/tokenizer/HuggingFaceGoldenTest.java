package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Training and encoding against what Hugging Face's tokenizers made of the same text with the same split rule. Its trainer
 * breaks ties as ours does. {@code src/test/scripts/huggingface_golden.py} wrote the expected values.
 */
class HuggingFaceGoldenTest {

  private static List<String> lines;
  private static List<String> goldenMerges;
  private static List<String> goldenTokens;
  private static BpeTokenizer tokenizer;

  @BeforeAll
  static void train() throws IOException {
    lines = Arrays.asList(Files.readString(Path.of(System.getProperty("basedir", "."), "..", "LICENSE")).split("\n"));
    try (BufferedReader in = new BufferedReader(new InputStreamReader(
        HuggingFaceGoldenTest.class.getResourceAsStream("huggingface-licence.txt"), StandardCharsets.UTF_8))) {
      List<String> golden = in.lines().toList();
      goldenMerges = golden.subList(0, golden.indexOf(""));
      goldenTokens = golden.subList(golden.indexOf("") + 1, golden.size());
    }
    assertEquals(551, goldenMerges.size(), "merges that Hugging Face finds twice or more");
    tokenizer = new BpeTrainer(256 + 1000, 2).train(lines);
  }

  @Test
  void mergesAreTheSame() {
    List<String> ours = tokenizer.merges().stream()
        .map(m -> tokenizer.tokenText(m.left()) + " " + tokenizer.tokenText(m.right())).toList();
    assertEquals(goldenMerges, ours);
  }

  @Test
  void tokensAreTheSame() {
    List<String> ours = new ArrayList<>();
    for (String line : lines) {
      if (!line.isBlank()) {
        ours.add(Arrays.stream(tokenizer.encode(line)).mapToObj(id -> tokenizer.tokenText(id) + "|")
            .collect(Collectors.joining()));
      }
    }
    assertEquals(goldenTokens, ours);
  }
}
