package dev.dalle.tokenizer.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.knuddels.jtokkit.api.EncodingType;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.tokenizer.SplitRule;
import dev.dalle.tokenizer.TokenizerFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of {@code tokenizer.json} gives the tokens and texts that Hugging Face's tokenizers give for it. */
class HuggingFaceTest {
  @TempDir private static Path folder;
  private static final List<String> TEXTS = Texts.allOfOldBlocks();

  private static void assertSame(Path file) throws IOException {
    assertSame(file, TEXTS);
  }

  private static void assertSame(Path file, List<String> texts) throws IOException {
    // Their ByteLevel decoder takes the letters of an added token for bytes.
    HuggingFacePeer.assertSame(file, texts, 50, text -> !text.contains("na\u00efve"));
  }

  private static Path saved(BpeTokenizer tokenizer, String name) throws IOException {
    Path file = folder.resolve(name + ".json");
    tokenizer.save(file, TokenizerFormat.HUGGING_FACE);
    assertEquals(Arrays.toString(tokenizer.encode("a Noto emoji, 123")), Arrays.toString(BpeTokenizer.load(file).encode("a Noto emoji, 123")));
    return file;
  }

  @TestFactory
  Stream<DynamicTest> vocabulariesTrainedHere() {
    Map<String, SplitRule> rules = Map.of("paper", SplitRule.paper(), "gpt2", SplitRule.gpt2(), "cl100k", SplitRule.cl100k(), "clip", SplitRule.clip(),
        "o200k", SplitRule.o200k(), "regex", SplitRule.regex("\\w+|[^\\w\\s]+|\\s+"));
    return rules.entrySet().stream().map(rule -> DynamicTest.dynamicTest(rule.getKey(), () -> assertSame(saved(
        new BpeTrainer(rule.getValue(), 4000, 2, List.of("<|end|>", "<|mask|>")).train(TEXTS), rule.getKey()))));
  }

  @Test
  void publishedRanksAsMerges() throws IOException {
    for (EncodingType type : List.of(EncodingType.R50K_BASE, EncodingType.CL100K_BASE)) {
      Path file = folder.resolve(type.getName() + ".tiktoken");
      try (InputStream in = EncodingType.class.getResourceAsStream("/com/knuddels/jtokkit/" + type.getName() + ".tiktoken")) {
        Files.copy(in, file);
      }
      assertSame(saved(BpeTokenizer.load(file), type.getName()));
    }
  }

  private record Model(String json, int size) {}

  /** A vocabulary of code points, its merges learnt in the plainest way. */
  private static Model model(String prefix, String suffix, boolean byteFallback, boolean fuse, String unknown, UnaryOperator<String> word) {
    CodePointVocabulary vocabulary = new CodePointVocabulary(prefix, suffix);
    List<String> words = new ArrayList<>();
    for (String text : TEXTS.subList(0, 3000)) {
      for (String part : text.split("\\s+")) {
        if (!part.isEmpty() && part.length() < 20) {
          words.add(word.apply(part));
        }
      }
    }
    vocabulary.train(words.subList(0, 6000), 300, byteFallback, unknown);
    return new Model(vocabulary.json(byteFallback, fuse, unknown), vocabulary.size());
  }

  private static Path file(String name, String normalizer, String preTokenizer, String decoder, String model, String added) throws IOException {
    return Files.writeString(folder.resolve(name + ".json"), "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[" + added
        + "],\"normalizer\":" + normalizer + ",\"pre_tokenizer\":" + preTokenizer + ",\"post_processor\":null,\"decoder\":" + decoder + ",\"model\":" + model
        + "}");
  }

  @TestFactory
  Stream<DynamicTest> codePointsWithMetaspace() {
    String llama = "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"▁\"},\"content\":\" \"},{\"type\":\"ByteFallback\"},"
        + "{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}";
    String prepend = "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"▁\"},{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},"
        + "\"content\":\"▁\"}]}";
    Model model = model("", "", true, true, "<unk>", part -> "▁" + part);
    // Ids of added tokens go on where those of the vocabulary end.
    String added = "{\"id\":" + model.size() + ",\"content\":\"<s>\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":true}";
    return Stream.of("always", "first", "never", "normalizer").map(scheme -> DynamicTest.dynamicTest(scheme, () -> assertSame(file("metaspace-" + scheme,
        scheme.equals("normalizer") ? prepend : "null",
        scheme.equals("normalizer") ? "null" : "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"" + scheme + "\",\"split\":true}",
        scheme.equals("normalizer") ? llama : "{\"type\":\"Metaspace\",\"replacement\":\"▁\",\"prepend_scheme\":\"" + scheme + "\",\"split\":true}",
        model.json(), added), Stream.concat(TEXTS.stream(), Stream.of("<s> a<s>b <s>c")).toList())));
  }

  @TestFactory
  Stream<DynamicTest> codePointsWithUnknownPrefixAndSuffix() {
    return Stream.of(new String[] {"", "", "false"}, new String[] {"##", "", "false"}, new String[] {"", "</w>", "true"}, new String[] {"##", "</w>", "false"})
        .map(form -> DynamicTest.dynamicTest(String.join(",", form), () -> assertSame(file("whitespace" + form[0].length() + form[1].length(), "null",
            "{\"type\":\"Whitespace\"}", form[1].isEmpty() ? "null" : "{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}",
            model(form[0], form[1], false, Boolean.parseBoolean(form[2]), "[UNK]", part -> part).json(), ""))));
  }

  @TestFactory
  Stream<DynamicTest> normalizersAndSplits() {
    String model = model("", "", false, false, "[UNK]", part -> part).json();
    List<String> normalizers = List.of("{\"type\":\"NFC\"}", "{\"type\":\"NFD\"}", "{\"type\":\"NFKC\"}", "{\"type\":\"NFKD\"}", "{\"type\":\"Lowercase\"}",
        "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"StripAccents\"},{\"type\":\"Lowercase\"}]}",
        "{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true}", "{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"\\\\s+\"},\"content\":\" \"}", "{\"type\":\"Replace\",\"pattern\":{\"String\":\".\"},\"content\":\"!\"}");
    List<String> splits = new ArrayList<>(List.of("{\"type\":\"WhitespaceSplit\"}", "{\"type\":\"BertPreTokenizer\"}",
        "{\"type\":\"Digits\",\"individual_digits\":true}", "{\"type\":\"Digits\",\"individual_digits\":false}",
        "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"a\"}",
        "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},{\"type\":\"Digits\",\"individual_digits\":true},{\"type\":\"Punctuation\"}]}"));
    for (String behavior : List.of("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")) {
      splits.add("{\"type\":\"Punctuation\",\"behavior\":\"" + behavior + "\"}");
      for (boolean invert : new boolean[] {false, true}) {
        splits.add("{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[aeiou ]\"},\"behavior\":\"" + behavior + "\",\"invert\":" + invert + "}");
      }
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (String normalizer : normalizers) {
      tests.add(DynamicTest.dynamicTest(normalizer, () -> assertSame(file("n", normalizer, "{\"type\":\"Whitespace\"}", "null", model, ""), some())));
    }
    for (String split : splits) {
      tests.add(DynamicTest.dynamicTest(split, () -> assertSame(file("s", "null", split, "null", model, ""), some())));
    }
    return tests.stream();
  }

  /** Rules as they stand in files of well-known models, which nobody here made up. */
  @TestFactory
  Stream<DynamicTest> splitsOfWellKnownModels() throws IOException {
    String json = Files.readString(saved(new BpeTrainer(SplitRule.regex("[^\\s]+|\\s"), 3000, 2, List.of()).train(TEXTS), "known"));
    String bytes = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":%b}";
    Map<String, String> rules = Map.of(
        "digits first", "{\"type\":\"Digits\",\"individual_digits\":true}," + bytes.formatted(true),
        "punctuation with its words", isolated(" ?[^(\\\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+") + "," + bytes.formatted(false),
        "line by line", isolated("[\\r\\n]") + "," + isolated("\\\\s?[A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba]+") + "," + isolated(
            "\\\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+") + "," + isolated("\\\\s+$") + "," + isolated(
            "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+") + ",{\"type\":\"Digits\",\"individual_digits\":true}," + bytes.formatted(false),
        "scripts", isolated("\\\\p{Han}+|\\\\p{Hiragana}+|\\\\p{L}+|\\\\p{N}{1,3}|\\\\s+(?!\\\\S)|[^\\\\s\\\\p{L}\\\\p{N}]+") + "," + bytes.formatted(false));
    return rules.entrySet().stream().map(rule -> DynamicTest.dynamicTest(rule.getKey(), () -> {
      String changed = json.replaceFirst("(?s)\"pre_tokenizer\": .*\"post_processor\"", Matcher.quoteReplacement(
          "\"pre_tokenizer\": {\"type\":\"Sequence\",\"pretokenizers\":[" + rule.getValue() + "]},\n  \"post_processor\""));
      assertSame(Files.writeString(folder.resolve("known-rule.json"), changed));
    }));
  }

  private static String isolated(String regex) {
    return "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" + regex + "\"},\"behavior\":\"Isolated\",\"invert\":false}";
  }

  /** Enough of every sort. */
  private static List<String> some() {
    List<String> some = new ArrayList<>(Texts.varied());
    some.addAll(TEXTS.subList(1000, 2000));
    some.addAll(Texts.randomOfOldBlocks(5, 2000));
    return some;
  }

  @Test
  void addedTokens() throws IOException {
    BpeTokenizer base = new BpeTrainer(SplitRule.gpt2(), 1000, 2, List.of()).train(TEXTS);
    String json = Files.readString(saved(base, "base"));
    int id = base.size();
    StringBuilder added = new StringBuilder();
    String[] contents = {"<a>", "<ab>", "word", "Word", "<left>", "<right>", "<both>", "naïve"};
    for (String content : contents) {
      added.append(added.isEmpty() ? "" : ",").append(String.format("{\"id\":%d,\"content\":\"%s\",\"single_word\":%b,\"lstrip\":%b,\"rstrip\":%b,"
          + "\"normalized\":%b,\"special\":%b}", id++, content, content.equals("word"), content.equals("<left>") || content.equals("<both>"),
          content.equals("<right>") || content.equals("<both>"), !content.startsWith("<"), content.startsWith("<")));
    }
    List<String> texts = new ArrayList<>();
    Random random = new Random(3);
    for (int i = 0; i < 3000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = 1 + random.nextInt(6); n > 0; n--) {
        text.append(random.nextInt(3) == 0 ? " ".repeat(random.nextInt(3)) : "").append(random.nextInt(4) == 0 ? "some text" : contents[random.nextInt(8)]);
      }
      texts.add(text.toString());
    }
    for (String normalizer : List.of("null", "{\"type\": \"Lowercase\"}", "{\"type\": \"NFD\"}")) {
      Path file = Files.writeString(folder.resolve("added.json"), json.replaceFirst("\"added_tokens\": \\[\\]", "\"added_tokens\": [" + added + "]")
          .replaceFirst("\"normalizer\": null", "\"normalizer\": " + normalizer));
      assertTrue(Files.readString(file).contains("<both>"));
      assertSame(file, texts);
    }
  }

  @Test
  void prefixSpaces() throws IOException {
    String json = Files.readString(saved(new BpeTrainer(SplitRule.gpt2(), 1000, 2, List.of("<x>")).train(TEXTS), "prefix"));
    Path file = Files.writeString(folder.resolve("prefixed.json"), json.replaceFirst("\"add_prefix_space\": false", "\"add_prefix_space\": true"));
    List<String> texts = new ArrayList<>(some());
    texts.addAll(List.of("<x>a", "a<x>b", " <x> b<x>"));
    assertSame(file, texts);
  }
}
