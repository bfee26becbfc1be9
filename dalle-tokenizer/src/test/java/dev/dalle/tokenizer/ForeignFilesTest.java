package dev.dalle.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of others that are damaged, hostile or of another kind: a message that says where, or a vocabulary, and nothing else. */
class ForeignFilesTest {
  @TempDir Path folder;

  private static final BpeTokenizer SMALL = new BpeTrainer(SplitRule.gpt2(), 280, 1, List.of("<|endoftext|>")).train(
      List.of("the red hat and the red heart", "a hat"));

  private String refused(String name, String content) throws IOException {
    return refused(Files.writeString(folder.resolve(name), content));
  }

  private static String refused(Path file) {
    String message = assertThrows(BpeFormatException.class, () -> BpeTokenizer.load(file)).getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    return message.substring((file + ": ").length());
  }

  private String json() throws IOException {
    Path file = folder.resolve("whole.json");
    SMALL.save(file, TokenizerFormat.HUGGING_FACE);
    return Files.readString(file);
  }

  @Test
  void namesTheKeyOfATokenizerJson() throws IOException {
    String json = json();
    assertEquals("model.type: expected BPE, got WordPiece; other models are not supported", refused("t", json.replace("\"BPE\"", "\"WordPiece\"")));
    assertEquals("model.merges[0]: a merge names \"zz\", which is not in the vocabulary",
        refused("t", json.replaceFirst("(\"merges\": \\[\\s*)\"[^\"]+\"", "$1\"zz a\"")));
    String first = json.replaceFirst("(?s).*\"merges\": \\[\\s*\"([^\"]+)\".*", "$1").replace("\\u0120", "\u0120");
    assertEquals("model.merges[1]: the merge \"" + first + "\" stands there a second time; it is merge 1 already",
        refused("t", json.replaceFirst("(\"merges\": \\[\\s*)(\"[^\"]+\")", "$1$2, $2")));
    assertEquals("model.merges[0]: the merge \"z z\" makes \"zz\", which is not in the vocabulary",
        refused("t", json.replaceFirst("(\"merges\": \\[\\s*)\"[^\"]+\"", "$1\"z z\"")));
    assertEquals("model.merges[0]: expected two tokens with a space between them, got \"abc\"",
        refused("t", json.replaceFirst("(\"merges\": \\[\\s*)\"[^\"]+\"", "$1\"abc\"")));
    assertEquals("model.vocab: the token \"b\" has id 97, which another token has too", refused("t", json.replace("\"b\": 98", "\"b\": 97")));
    assertEquals("model.vocab: the token \"b\": expected its id, got a string", refused("t", json.replace("\"b\": 98", "\"b\": \"98\"")));
    assertEquals("model.vocab: the token \"b\" has id 999999999; expected 0 to 2097151", refused("t", json.replace("\"b\": 98", "\"b\": 999999999")));
    assertEquals("pre_tokenizer.type: the pre_tokenizer UnicodeScripts is not supported (supported are Sequence, ByteLevel, Metaspace, Split, Whitespace,"
        + " WhitespaceSplit, BertPreTokenizer, Punctuation, Digits, CharDelimiterSplit)",
        refused("t", json.replaceFirst("(\"pre_tokenizer\": \\{\\s*\"type\": )\"ByteLevel\"", "$1\"UnicodeScripts\"")));
    assertTrue(refused("t", json.replaceFirst("\"normalizer\": null", "\"normalizer\": {\"type\": \"Precompiled\"}")).startsWith(
        "normalizer.type: the normalizer Precompiled is not supported"));
    assertEquals("model.new_option: this member is not supported", refused("t", json.replace("\"ignore_merges\"", "\"new_option\"")));
    assertEquals("the regular expression (a is not supported: Unclosed group near index 2", refused("t", json.replaceFirst("\"normalizer\": null",
        "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(a\"}, \"content\": \"\"}")));
    assertTrue(refused("t", json.substring(0, json.length() / 2)).endsWith("; it is truncated"));
    assertTrue(refused("t", "{\"a\": 1}").startsWith("expected a tokenizer.json with the member \"model\""));
    assertEquals("expected UTF-8 text, and the file is none: is it of another kind, or damaged?",
        refused(Files.write(folder.resolve("t"), new byte[] {'{', (byte) 0xff, '}'})));
    assertTrue(refused("t", "{\"a\":".repeat(1000)).contains("more than 64 deep"));
  }

  @Test
  void namesTheLineOfMergesAndRanks() throws IOException {
    Path gpt2 = folder.resolve("gpt2");
    SMALL.save(gpt2, TokenizerFormat.GPT2);
    assertArrayEquals(SMALL.encode("the hat<|endoftext|>"), BpeTokenizer.load(gpt2).encode("the hat<|endoftext|>"));
    String merges = Files.readString(gpt2.resolve("merges.txt"));
    Path authors = Files.createDirectory(folder.resolve("authors"));
    Files.copy(gpt2.resolve("vocab.json"), authors.resolve("encoder.json"));
    Files.writeString(authors.resolve("vocab.bpe"), merges.replace("\n", "\r\n"));
    assertEquals(BpeTokenizer.load(gpt2), BpeTokenizer.load(authors));
    Files.writeString(authors.resolve("vocab.bpe"), merges + "qq q\n");
    assertTrue(refused(authors).startsWith("vocab.bpe: line "));
    Files.writeString(gpt2.resolve("merges.txt"), merges.replaceFirst("\n[^\n]+\n", "\nqq q\n"));
    assertEquals("merges.txt: line 2: a merge names \"qq\", which is not in the vocabulary", refused(gpt2));
    Files.delete(gpt2.resolve("merges.txt"));
    assertEquals(gpt2.resolve("merges.txt") + ": a folder with a vocabulary has tokenizer.json, or vocab.json and merges.txt, or encoder.json and vocab.bpe",
        assertThrows(NoSuchFileException.class, () -> BpeTokenizer.load(gpt2)).getMessage());
    assertEquals("line 2: \"!\" is no Base64", refused("r50k_base.tiktoken", "YQ== 0\n! 1\n"));
    assertEquals("line 2: the rank 0 stands there a second time", refused("r50k_base.tiktoken", "YQ== 0\nYg== 0\n"));
    assertEquals("tokens 0 and 1 are the same", refused("r50k_base.tiktoken", "YQ== 0\nYQ== 1\n"));
    assertTrue(refused("r50k_base.tiktoken", "YQ== 0\n").startsWith("the vocabulary lacks the byte 0x00"));
    assertTrue(refused("mine.tiktoken", "YQ== 0\n").contains("no rule is known for the name mine.tiktoken"));
  }

  private byte[] clip(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  @Test
  void readsAMergeListOfClip() throws IOException {
    Path file = Files.write(folder.resolve("bpe.txt.gz"), clip("#version: 0.2\nr e\nre d</w>\nh a\nha t</w>\n"));
    BpeTokenizer clip = BpeTokenizer.load(file);
    int[] ids = clip.encode("  Red\n HAT ");
    assertArrayEquals(new int[] {513, 515}, ids);
    assertEquals("red hat", clip.decode(ids));
    assertArrayEquals(new int[] {516, 513, 517}, clip.encodeWithTemplate("red"));
    assertEquals(518, clip.size());
    // "!" is the first of the visible bytes, and its form at the end of a word the first of those.
    assertArrayEquals(new int[] {0, 256}, clip.encode("!!"));
  }

  @Test
  void namesTheLineOfAMergeListOfClip() throws IOException {
    Path file = folder.resolve("bpe.txt.gz");
    Files.write(file, clip("#version: 0.2\nr e\nqq d</w>\n"));
    assertEquals("line 3: a merge names \"qq\", which is not in the vocabulary", refused(file));
    Files.write(file, clip("#version: 0.2\nr e\nr e\n"));
    assertEquals("line 3: the merge makes \"re\", which is token 512 already", refused(file));
    byte[] whole = clip("#version: 0.2\nr e\nre d</w>\n".repeat(50));
    Files.write(file, Arrays.copyOf(whole, whole.length - 12));
    assertEquals("the gzip file ends too early; it is truncated", refused(file));
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 65; i++) {
        gzip.write(zeros);
      }
    }
    Files.write(file, bomb.toByteArray());
    assertEquals("unpacked it has more than 67108864 bytes; it is no merge list", refused(file));
  }

  @Test
  void changedFilesLoadOrAreRefused() throws IOException {
    Path gpt2 = folder.resolve("gpt2");
    SMALL.save(gpt2, TokenizerFormat.GPT2);
    Path own = folder.resolve("own.bpe");
    SMALL.save(own);
    Path ranks = folder.resolve("r50k_base.tiktoken");
    new BpeTrainer(SplitRule.gpt2(), 280, 1, List.of()).train(List.of("the red hat and the red heart")).save(ranks, TokenizerFormat.TIKTOKEN);
    Path list = Files.write(folder.resolve("list.gz"), clip("#version: 0.2\nr e\nre d</w>\nh a\nha t</w>\n"));
    json();
    Random random = new Random(17);
    int refused = 0;
    for (Path file : List.of(folder.resolve("whole.json"), gpt2.resolve("vocab.json"), gpt2.resolve("merges.txt"), own, ranks, list)) {
      byte[] original = Files.readAllBytes(file);
      Path loaded = file.getParent().equals(gpt2) ? gpt2 : file;
      for (int trial = 0; trial < 400; trial++) {
        Files.write(file, changed(original, random));
        refused += assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
          try {
            BpeTokenizer tokenizer = BpeTokenizer.load(loaded);
            tokenizer.decode(tokenizer.encode("the red hat <|endoftext|> é\ud83d\ude00"));
            return 0;
          } catch (BpeFormatException e) {
            return 1;
          }
        });
      }
      Files.write(file, original);
    }
    assertTrue(refused > 1000, "refused " + refused);
  }

  private static byte[] changed(byte[] original, Random random) {
    byte[] bytes = original.clone();
    switch (random.nextInt(4)) {
      case 0 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
      case 1 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      case 2 -> {
        int at = random.nextInt(bytes.length);
        bytes[at] = (byte) "\"{}[],:0123456789 \n\\".charAt(random.nextInt(20));
      }
      default -> {
        int from = random.nextInt(bytes.length);
        int length = Math.min(random.nextInt(40), bytes.length - from);
        int to = random.nextInt(bytes.length - length + 1);
        System.arraycopy(original, from, bytes, to, length);
      }
    }
    return bytes;
  }

  @Test
  void anExpressionThatBacktracksWithoutEndIsStopped() throws IOException {
    BpeTokenizer hostile = new BpeTrainer(SplitRule.regex("(.*)(.*)(.*)(.*)(.*)y"), 256, 1, List.of()).train(List.of("a"));
    IllegalArgumentException e = assertTimeoutPreemptively(Duration.ofSeconds(60),
        () -> assertThrows(IllegalArgumentException.class, () -> hostile.encode("x".repeat(300))));
    assertTrue(e.getMessage().contains("backtracks without end"), e.getMessage());
    // In a normalizer and in a decoder as well.
    String replace = "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \"(.*)(.*)(.*)(.*)(.*)y\"}, \"content\": \"\"}";
    Path file = Files.writeString(folder.resolve("hostile.json"), json().replaceFirst("\"normalizer\": null", "\"normalizer\": " + replace));
    BpeTokenizer rewriting = BpeTokenizer.load(file);
    assertTimeoutPreemptively(Duration.ofSeconds(60), () -> assertThrows(IllegalArgumentException.class, () -> rewriting.encode("x".repeat(300))));
    Files.writeString(file, json().replaceFirst("\"decoder\": \\{", "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{").replaceFirst(
        "(\"use_regex\": true\\s*\\})(,\\s*\"model\")", "$1, " + replace.replace("\\", "\\\\") + "]}$2"));
    BpeTokenizer joining = BpeTokenizer.load(file);
    int[] ids = joining.encode("x".repeat(300));
    assertTimeoutPreemptively(Duration.ofSeconds(60), () -> assertThrows(IllegalArgumentException.class, () -> joining.decode(ids)));
  }

  @Test
  void readsClipsVocabularyFromAPairOfFiles() throws IOException {
    Path list = Files.write(folder.resolve("bpe.txt.gz"), clip("#version: 0.2\nr e\nre d</w>\nh a\nha t</w>\n"));
    BpeTokenizer whole = BpeTokenizer.load(list);
    Path pair = Files.createDirectory(folder.resolve("pair"));
    StringBuilder vocabulary = new StringBuilder("{");
    for (int id = 0; id < whole.size(); id++) {
      // The alphabet of bytes stands twice in front, alone and at the end of a word; what comes after is ASCII.
      String token = id < 512 ? letter(id % 256) + (id < 256 ? "" : "</w>") : whole.tokenText(id);
      vocabulary.append(id == 0 ? "" : ",").append('"').append(token.replace("\\", "\\\\").replace("\"", "\\\"")).append("\":").append(id);
    }
    Files.writeString(pair.resolve("vocab.json"), vocabulary.append("}"));
    Files.writeString(pair.resolve("merges.txt"), "#version: 0.2\nr e\nre d</w>\nh a\nha t</w>\n");
    BpeTokenizer loaded = BpeTokenizer.load(pair);
    for (String text : List.of("  Red\n HAT ", "red!! hat", "<|startoftext|>r e", "\u00e9")) {
      assertArrayEquals(whole.encode(text), loaded.encode(text), text);
      assertArrayEquals(whole.encodeWithTemplate(text), loaded.encodeWithTemplate(text), text);
      assertEquals(whole.decode(whole.encode(text)), loaded.decode(whole.encode(text)));
    }
    Files.writeString(pair.resolve("vocab.json"), vocabulary.toString().replace("<|startoftext|>", "<s>"));
    assertTrue(refused(pair).contains("vocab.json lacks CLIP's markers <|startoftext|> and <|endoftext|>"));
  }

  /** Of GPT-2's alphabet, in the order of its code. */
  private static String letter(int index) {
    int[] visible = java.util.stream.IntStream.range(0, 256).filter(b -> b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE).toArray();
    return Character.toString(index < visible.length ? visible[index] : 0x100 + index - visible.length);
  }

  /** As in a published vocabulary with a flag's letter that was in its trainer's alphabet. */
  @Test
  void noTextLeadsToATokenThatIsNotWrittenInBytes() throws IOException {
    String json = json();
    String heart = json.replaceFirst("\"vocab\": \\{", "\"vocab\": {\n\"\ud83c\uddf8\": 400, \"\u2764\": 401, \" \": 402,");
    BpeTokenizer plain = BpeTokenizer.load(Files.writeString(folder.resolve("plain.json"), json));
    BpeTokenizer loaded = BpeTokenizer.load(Files.writeString(folder.resolve("heart.json"), heart));
    for (String text : List.of("\ud83c\uddf8 \u2764 the red hat", "\u2764", " ")) {
      assertArrayEquals(plain.encode(text), loaded.encode(text));
    }
    assertEquals("\ud83c\uddf8\u2764 ", loaded.decode(new int[] {400, 401, 402}));
    Path again = folder.resolve("again.json");
    loaded.save(again, TokenizerFormat.HUGGING_FACE);
    assertEquals(loaded, BpeTokenizer.load(again));
  }

  /** As in published vocabularies where the tabulator is a token of its own. */
  @Test
  void bytesOfAFallbackMayBeMissing() throws IOException {
    StringBuilder vocabulary = new StringBuilder("\"<unk>\": 0, \"a\": 1");
    for (int value = 0; value < 256; value++) {
      if (value != 0x09 && value != 0xC3) {
        vocabulary.append(String.format(", \"<0x%02X>\": %d", value, 2 + value));
      }
    }
    BpeTokenizer loaded = BpeTokenizer.load(Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": {\"type\": \"BPE\", \"unk_token\": \"<unk>\","
        + " \"fuse_unk\": true, \"byte_fallback\": true, \"vocab\": {" + vocabulary + "}, \"merges\": []}}"));
    assertArrayEquals(new int[] {1, 0, 1, 2 + 0xC5, 2 + 0x93}, loaded.encode("a\t\u00e9\ta\u0153"));
  }
}
