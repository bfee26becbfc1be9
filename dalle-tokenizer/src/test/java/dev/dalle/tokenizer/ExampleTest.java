package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the package documentation. */
class ExampleTest {
  @TempDir Path folder;

  @Test
  void trainSaveEncodeDecode() throws IOException {
    List<String> captions = List.of("a noto emoji of a red heart", "a noto emoji of a red hat");
    Path file = folder.resolve("captions.bpe");
    // @start region="train"
    BpeTokenizer tokenizer = new BpeTrainer(1024, 2).train(captions); // at most 1024 tokens
    tokenizer.save(file);
    int[] ids = tokenizer.encode("a noto emoji of a red heart");
    String same = tokenizer.decode(ids);

    CaptionEncoder encoder = new CaptionEncoder(tokenizer, 256);
    PaddedCaption row = encoder.encode("a noto emoji of a red heart", 0.1, 42); // dropout 10 %, seed 42
    // @end
    assertEquals("a noto emoji of a red heart", same);
    assertEquals(256, row.ids().length);
    assertEquals(tokenizer, BpeTokenizer.load(file));
  }

  @Test
  void anyVocabulary() throws IOException {
    List<String> texts = List.of("Hello there, hello world", "Hello world");
    Path file = folder.resolve("tokenizer.json");
    // @start region="other"
    BpeTokenizer trained = new BpeTrainer(SplitRule.gpt2(), 300, 2, List.of("<|endoftext|>")).train(texts);
    trained.save(file, TokenizerFormat.HUGGING_FACE);

    BpeTokenizer loaded = BpeTokenizer.load(file); // a tokenizer.json, whoever wrote it
    Encoding encoding = loaded.encodeWithOffsets("Hello world<|endoftext|>");
    StreamingDecoder stream = loaded.streamingDecoder(true);
    StringBuilder text = new StringBuilder();
    for (int id : encoding.ids()) {
      text.append(stream.add(id)); // never half a code point
    }
    text.append(stream.finish());
    // @end
    assertEquals("Hello world", text.toString());
    assertArrayEquals(trained.encode("Hello world<|endoftext|>"), encoding.ids());
  }
}
