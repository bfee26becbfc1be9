package dev.dalle.tokenizer.peers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.tokenizer.Encoding;
import dev.dalle.tokenizer.SplitRule;
import dev.dalle.tokenizer.StreamingDecoder;
import dev.dalle.tokenizer.TokenizerFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every tokenizer and every text. */
class PropertiesTest {
  private static final List<String> TEXTS = Texts.all();

  @TempDir Path folder;

  /** Rules under which nothing of a text is lost, and the paper's, which only lower-cases. */
  private static final List<BpeTokenizer> TOKENIZERS = trained();

  static List<BpeTokenizer> tokenizers() {
    return TOKENIZERS;
  }

  private static List<BpeTokenizer> trained() {
    List<BpeTokenizer> tokenizers = new ArrayList<>();
    for (SplitRule rule : List.of(SplitRule.paper(), SplitRule.gpt2(), SplitRule.cl100k(), SplitRule.o200k(), SplitRule.regex("\\d|\\s"))) {
      tokenizers.add(new BpeTrainer(rule, 3000, 2, List.of("<|end|>")).train(TEXTS));
    }
    return tokenizers;
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void decodingGivesTheTextBack(BpeTokenizer tokenizer) {
    boolean paper = tokenizer.encode("A")[0] == 'a';
    for (String text : TEXTS) {
      String expected = paper ? BpeTokenizer.normalize(text) : text;
      assertEquals(expected, tokenizer.decode(tokenizer.encode(text)));
      assertEquals(expected, tokenizer.decode(tokenizer.encode(text, 0.3, text.hashCode())));
      assertEquals(expected, tokenizer.decode(tokenizer.encode(text, 1, 1)));
    }
    assertEquals(paper ? "a\ufffdb" : "A\ufffdb", tokenizer.decode(tokenizer.encode("A\ud800b")));
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void dropoutOfOneLeavesTheBytesAndOfNoneChangesNothing(BpeTokenizer tokenizer) {
    for (String text : TEXTS.subList(0, 2000)) {
      if (!text.contains("<|end|>")) {
        String expected = tokenizer.decode(tokenizer.encode(text));
        byte[] bytes = expected.getBytes(StandardCharsets.UTF_8);
        assertArrayEquals(IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xFF).toArray(), tokenizer.encode(text, 1, 7));
      }
      assertArrayEquals(tokenizer.encode(text), tokenizer.encode(text, 0, 7));
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void offsetsRebuildTheText(BpeTokenizer tokenizer) {
    for (String text : TEXTS) {
      Encoding encoding = tokenizer.encodeWithOffsets(text);
      assertArrayEquals(tokenizer.encode(text), encoding.ids());
      StringBuilder rebuilt = new StringBuilder();
      int done = 0;
      for (int i = 0; i < encoding.length(); i++) {
        int start = encoding.starts()[i];
        int end = encoding.ends()[i];
        // Tokens with parts of the same code point overlap, and nothing lies between tokens.
        assertTrue(start <= done && end >= done && end > start, encoding::toString);
        rebuilt.append(text, done, end);
        done = end;
      }
      assertEquals(text, rebuilt.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void streamingNeverSplitsACodePointAndAddsUpToTheWhole(BpeTokenizer tokenizer) {
    StreamingDecoder stream = tokenizer.streamingDecoder(false);
    for (String text : TEXTS.subList(0, 5000)) {
      int[] ids = tokenizer.encode(text);
      StringBuilder all = new StringBuilder();
      for (int id : ids) {
        String part = stream.add(id);
        assertTrue(part.isEmpty() || !Character.isHighSurrogate(part.charAt(part.length() - 1)) && !Character.isLowSurrogate(part.charAt(0)));
        all.append(part);
      }
      assertEquals("", stream.finish());
      assertEquals(tokenizer.decode(ids), all.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void aBatchOnSeveralThreadsIsTheSame(BpeTokenizer tokenizer) {
    List<int[]> batch = tokenizer.encodeAll(TEXTS, 3);
    for (int i = 0; i < TEXTS.size(); i++) {
      assertArrayEquals(tokenizer.encode(TEXTS.get(i)), batch.get(i));
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void everyFormatThatTakesItGivesItBack(BpeTokenizer tokenizer) throws IOException {
    tokenizer.save(folder.resolve("own"), TokenizerFormat.DALLE);
    assertEquals(tokenizer, BpeTokenizer.load(folder.resolve("own")));
    tokenizer.save(folder.resolve("tokenizer.json"), TokenizerFormat.HUGGING_FACE);
    BpeTokenizer again = BpeTokenizer.load(folder.resolve("tokenizer.json"));
    for (String text : TEXTS.subList(0, 3000)) {
      assertArrayEquals(tokenizer.encode(text), again.encode(text));
    }
  }

  @Test
  void trainingDoesNotDependOnThreads() {
    SplitRule rule = SplitRule.gpt2();
    assertEquals(new BpeTrainer(rule, 1500, 2, List.of()).train(TEXTS), new BpeTrainer(rule, 1500, 2, List.of()).train(TEXTS.parallelStream()));
  }
}
