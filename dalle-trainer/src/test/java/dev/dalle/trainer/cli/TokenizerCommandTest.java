package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.tokenizer.SplitRule;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TokenizerCommandTest {
  private static final List<String> CAPTIONS = List.of("a red heart", "a red hat", "the reddest heart of all");

  @TempDir Path folder;
  private Path vocabulary;

  @BeforeEach
  void train() throws IOException {
    vocabulary = folder.resolve("v/tokens.bpe");
    Path text = Files.writeString(folder.resolve("captions.txt"), String.join("\n", CAPTIONS) + "\n\n");
    assertEquals(List.of(vocabulary + ": 260 tokens"), Cli.lines("tokenizer", "train", text, "--vocab-size", 260, "--out", vocabulary));
  }

  private static String ids(int[] ids) {
    return Arrays.toString(ids).replace(" ", "");
  }

  /** A command fed by a standard input of its own. */
  private static String piped(Object command, int status, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = new CommandLine(command).setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).setExecutionExceptionHandler(Errors::failed);
    assertEquals(status, line.execute(args), err.toString());
    return status == 0 ? out.toString() : err.toString();
  }

  private static String text(Object... lines) {
    return Arrays.stream(lines).map(line -> line + System.lineSeparator()).collect(Collectors.joining());
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void trainEncodeDecode() throws IOException {
    BpeTokenizer expected = new BpeTrainer(260, 2).train(CAPTIONS);
    assertEquals(expected, BpeTokenizer.load(vocabulary));
    assertEquals(List.of(ids(expected.encode("a red heart")), ids(expected.encode("Größe"))),
        Cli.lines("tokenizer", "encode", "a red heart", "Größe", "--vocab", vocabulary));
    assertEquals(List.of("größe red"), Cli.lines("tokenizer", "decode", ids(expected.encode("Größe red")), "--vocab", vocabulary));
    Object[] words = Stream.concat(Stream.of("tokenizer", "decode", "--vocab", vocabulary.toString()),
        Arrays.stream(expected.encode("the hat")).mapToObj(Integer::toString)).toArray();
    assertEquals(List.of("the hat"), Cli.lines(words));
    assertEquals(List.of("[\"red\"]"), Cli.lines("tokenizer", "encode", "red", "--tokens", "--vocab", vocabulary));
  }

  @Test
  void linesOfStandardInput() throws IOException {
    BpeTokenizer bpe = BpeTokenizer.load(vocabulary);
    String encoded = piped(new TokenizerEncodeCommand(new ByteArrayInputStream(bytes("red\r\n\nheart é"))), 0, "--vocab", vocabulary.toString());
    assertEquals(text(ids(bpe.encode("red")), "[]", ids(bpe.encode("heart é"))), encoded);
    String decoded = piped(new TokenizerDecodeCommand(new ByteArrayInputStream(bytes(encoded))), 0, "--vocab", vocabulary.toString());
    assertEquals(text("red", "", "heart é"), decoded);
  }

  @Test
  void jsonStringsMayHaveLineBreaks() throws IOException {
    BpeTokenizer bpe = BpeTokenizer.load(vocabulary);
    String encoded = piped(new TokenizerEncodeCommand(new ByteArrayInputStream(bytes("\"red\\nheart\"\n\"\\u00e9\"\n"))), 0, "--json", "--vocab",
        vocabulary.toString());
    assertEquals(text(ids(bpe.encode("red\nheart")), ids(bpe.encode("é"))), encoded);
    String decoded = piped(new TokenizerDecodeCommand(new ByteArrayInputStream(bytes(encoded))), 0, "--json", "--vocab", vocabulary.toString());
    assertEquals(text("\"red\\nheart\"", "\"é\""), decoded);
    String wrong = piped(new TokenizerEncodeCommand(new ByteArrayInputStream(bytes("\"red\"\nheart\n"))), 1, "--json", "--vocab", vocabulary.toString());
    assertEquals("dalle: standard input, line 2: expected a JSON string, got heart", wrong.strip());
  }

  @Test
  void badLinesAreNamed() {
    String failed = piped(new TokenizerEncodeCommand(new ByteArrayInputStream(new byte[] {'b', '\n', 'a', (byte) 0xe9, '\n'})), 1, "--vocab",
        vocabulary.toString());
    assertEquals("dalle: standard input, line 2: expected text in UTF-8, found bytes that are not UTF-8", failed.strip());
    String wrong = piped(new TokenizerDecodeCommand(new ByteArrayInputStream(bytes("1\n2 x"))), 1, "--vocab", vocabulary.toString());
    assertEquals("dalle: standard input, line 2: expected token ids from 0 to 259, got 'x'", wrong.strip());
  }

  @Test
  void dropoutDependsOnTheSeedAndNotOnThreads() throws IOException {
    BpeTokenizer bpe = BpeTokenizer.load(vocabulary);
    String text = "the reddest heart of all";
    List<String> first = Cli.lines("tokenizer", "encode", text, text, "--dropout", 0.5, "--seed", 4, "--vocab", vocabulary);
    assertEquals(List.of(ids(bpe.encode(text, 0.5, 4)), ids(bpe.encode(text, 0.5, 5))), first);
    assertEquals(first, Cli.lines("tokenizer", "encode", text, text, "--dropout", 0.5, "--seed", 4, "--threads", 1, "--vocab", vocabulary));
    assertNotEquals(first.getFirst(), Cli.lines("tokenizer", "encode", text, "--vocab", vocabulary).getFirst());
  }

  @Test
  void convertsBetweenFormats() throws IOException {
    Path text = Files.writeString(folder.resolve("more.txt"), String.join("\n", CAPTIONS));
    Path own = folder.resolve("gpt2.bpe");
    Cli.lines("tokenizer", "train", text, "--split", "gpt2", "--special", "<|endoftext|>", "--vocab-size", 264, "--out", own);
    List<String> expected = Cli.lines("tokenizer", "encode", "a red heart<|endoftext|>", "--vocab", own);
    for (String name : List.of("made/tokenizer.json", "made/folder")) {
      Cli.lines("tokenizer", "convert", own, folder.resolve(name));
      assertEquals(expected, Cli.lines("tokenizer", "encode", "a red heart<|endoftext|>", "--vocab", folder.resolve(name)));
    }
    Path ranks = folder.resolve("made/ranks.tiktoken");
    Cli.lines("tokenizer", "convert", own, ranks);
    assertEquals(Cli.lines("tokenizer", "encode", "a red heart", "--vocab", own),
        Cli.lines("tokenizer", "encode", "a red heart", "--split", "gpt2", "--vocab", ranks));
    assertTrue(Cli.failure("tokenizer", "encode", "a red heart", "--vocab", ranks).contains("does not say how text is split"));
    Path back = folder.resolve("made/back.bpe");
    Cli.lines("tokenizer", "convert", folder.resolve("made/tokenizer.json"), back);
    assertEquals(BpeTokenizer.load(own), BpeTokenizer.load(back));
    assertTrue(Cli.failure("tokenizer", "convert", vocabulary, folder.resolve("paper")).startsWith(vocabulary + ": this tokenizer cannot be saved as"));
    assertFalse(Files.exists(folder.resolve("paper")));
  }

  @Test
  void trainsOnSeveralFilesAndWithOnesOwnPattern() throws IOException {
    Path more = Files.writeString(folder.resolve("more.txt"), "redder hearts\r\n\n");
    Path out = folder.resolve("several.bpe");
    Cli.lines("tokenizer", "train", folder.resolve("captions.txt"), more, "--vocab-size", 300, "--pattern", "[a-z]+| ", "--out", out);
    List<String> all = Stream.concat(CAPTIONS.stream(), Stream.of("redder hearts")).toList();
    assertEquals(new BpeTrainer(SplitRule.regex("[a-z]+| "), 300, 2, List.of()).train(all), BpeTokenizer.load(out));
  }

  @Test
  void trainingCaptionsOfADataSet() throws IOException {
    Path pictures = TinyRun.pictures(folder.resolve("pictures"));
    Path out = folder.resolve("data.bpe");
    String line = Cli.lines("tokenizer", "train", "--data", pictures, "--vocab-size", 4000, "--out", out).getFirst();
    assertTrue(line.matches(".*: \\d+ tokens of 4000 wanted: no further pair occurs 2 times"), line);
    assertTrue(BpeTokenizer.load(out).encode("square").length < 6);
  }

  @Test
  void failures() throws IOException {
    Path none = folder.resolve("none.bpe");
    assertEquals("no vocabulary at " + none + ": name one with --vocab FILE, or make one with dalle tokenizer train or dalle demo",
        Cli.failure("tokenizer", "encode", "x", "--vocab", none));
    Path damaged = Files.writeString(folder.resolve("damaged.bpe"), Files.readString(vocabulary).replaceFirst("end .*", "end 00000000"));
    assertTrue(Cli.failure("tokenizer", "decode", "1", "--vocab", damaged).startsWith(damaged + ": "));
    assertEquals("expected token ids from 0 to 259, got '260'", Cli.failure("tokenizer", "decode", "260", "--vocab", vocabulary));
    Path latin = Files.write(folder.resolve("latin.txt"), new byte[] {'a', (byte) 0xe9, '\n'});
    assertEquals(latin + ", line 1: expected text in UTF-8, found bytes that are not UTF-8", Cli.failure("tokenizer", "train", latin, "--out", none));
    assertEquals("no such file: " + none, Cli.failure("tokenizer", "train", none, "--out", none));
    Path empty = Files.writeString(folder.resolve("empty.txt"), "\n \n");
    assertEquals(empty + " holds no caption; expected one a line", Cli.failure("tokenizer", "train", empty, "--out", none));
    assertFalse(Files.exists(none));
  }

  @Test
  void misuse() {
    assertEquals("--dropout: expected a probability from 0 to 1, got 1.5", Cli.misuse("tokenizer", "encode", "x", "--dropout", 1.5));
    assertEquals("vocabularySize: expected 256 (one token a byte) to 1048576, got 200",
        Cli.misuse("tokenizer", "train", "x", "--vocab-size", 200, "--out", "y"));
    assertEquals("--data: expected either text files or a data set, got both", Cli.misuse("tokenizer", "train", "x", "--data", "emoji", "--out", "y"));
    assertEquals("split rule: expected lowercase-az, gpt2, cl100k, o200k or clip, got \"gpt\"",
        Cli.misuse("tokenizer", "train", "x", "--split", "gpt", "--out", "y"));
    assertTrue(Cli.misuse("tokenizer", "train", "x").contains("--out"));
    assertEquals("a command is missing", Cli.misuse("tokenizer"));
  }
}
