package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
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
    assertEquals(List.of(vocabulary + ": 260 tokens"), Cli.lines("tokenizer", "train", "--text", text, "--vocabulary", 260, "--out", vocabulary));
  }

  private static String ids(int[] ids) {
    return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(" "));
  }

  /** A command fed by a standard input of its own. */
  private static String piped(Object command, byte[] input, int status, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = new CommandLine(command).setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).setExecutionExceptionHandler(Errors::failed);
    assertEquals(status, line.execute(args), err.toString());
    return status == 0 ? out.toString() : err.toString();
  }

  @Test
  void trainEncodeDecode() throws IOException {
    BpeTokenizer expected = new BpeTrainer(260, 2).train(CAPTIONS);
    assertEquals(expected, BpeTokenizer.load(vocabulary));
    assertEquals(List.of(ids(expected.encode("a red heart")), ids(expected.encode("Größe"))),
        Cli.lines("tokenizer", "encode", "a red heart", "Größe", "--tokenizer", vocabulary));
    assertEquals(List.of("größe red"), Cli.lines("tokenizer", "decode", ids(expected.encode("Größe red")), "--tokenizer", vocabulary));
    Object[] words = java.util.stream.Stream.concat(java.util.stream.Stream.of("tokenizer", "decode", "--tokenizer", vocabulary.toString()),
        Arrays.stream(expected.encode("the hat")).mapToObj(Integer::toString)).toArray();
    assertEquals(List.of("the hat"), Cli.lines(words));
  }

  @Test
  void linesOfStandardInput() throws IOException {
    BpeTokenizer bpe = BpeTokenizer.load(vocabulary);
    byte[] input = "red\n\nheart é".getBytes(StandardCharsets.UTF_8);
    String encoded = piped(new TokenizerEncodeCommand(new ByteArrayInputStream(input)), new byte[0], 0, "--tokenizer", vocabulary.toString());
    assertEquals(List.of(ids(bpe.encode("red")), "", ids(bpe.encode("heart é"))), encoded.lines().toList());
    String decoded = piped(new TokenizerDecodeCommand(new ByteArrayInputStream(encoded.getBytes(StandardCharsets.UTF_8))), new byte[0], 0,
        "--tokenizer", vocabulary.toString());
    assertEquals(List.of("red", "", "heart é"), decoded.lines().toList());
    String failed = piped(new TokenizerEncodeCommand(new ByteArrayInputStream(new byte[] {'a', (byte) 0xe9, '\n'})), new byte[0], 1, "--tokenizer",
        vocabulary.toString());
    assertEquals("dalle: standard input: expected text in UTF-8, found bytes that are not UTF-8", failed.strip());
    String wrong = piped(new TokenizerDecodeCommand(new ByteArrayInputStream("1\n2 x".getBytes(StandardCharsets.UTF_8))), new byte[0], 1, "--tokenizer",
        vocabulary.toString());
    assertEquals("dalle: line 2: expected token ids from 0 to 259, got 'x'", wrong.strip());
  }

  @Test
  void dropoutAndJson() throws IOException {
    BpeTokenizer bpe = BpeTokenizer.load(vocabulary);
    String text = "the reddest heart of all";
    List<String> first = Cli.lines("tokenizer", "encode", text, text, "--dropout", 0.5, "--seed", 4, "--tokenizer", vocabulary);
    assertEquals(List.of(ids(bpe.encode(text, 0.5, 4)), ids(bpe.encode(text, 0.5, 5))), first);
    assertEquals(first, Cli.lines("tokenizer", "encode", text, text, "--dropout", 0.5, "--seed", 4, "--tokenizer", vocabulary));
    assertNotEquals(first.getFirst(), Cli.lines("tokenizer", "encode", text, "--tokenizer", vocabulary).getFirst());
    String json = String.join("", Cli.lines("tokenizer", "encode", "red", "--json", "--tokenizer", vocabulary)).replace(" ", "");
    int[] red = bpe.encode("red");
    String tokens = Arrays.stream(red).mapToObj(id -> "\"" + bpe.tokenText(id) + "\"").collect(Collectors.joining(","));
    assertEquals("[{\"text\":\"red\",\"ids\":[" + ids(red).replace(" ", ",") + "],\"tokens\":[" + tokens + "]}]", json);
  }

  @Test
  void trainingCaptionsOfADataSet() throws IOException {
    Path pictures = TinyRun.pictures(folder.resolve("pictures"));
    Path out = folder.resolve("data.bpe");
    String line = Cli.lines("tokenizer", "train", "--data", pictures, "--vocabulary", 4000, "--out", out).getFirst();
    assertTrue(line.matches(".*: \\d+ tokens of 4000 wanted: no further pair occurs 2 times"), line);
    assertTrue(BpeTokenizer.load(out).encode("square").length < 6);
  }

  @Test
  void failures() throws IOException {
    Path none = folder.resolve("none.bpe");
    assertEquals("no vocabulary at " + none + ": name one with --tokenizer FILE, or make one with dalle tokenizer train or dalle demo",
        Cli.failure("tokenizer", "encode", "x", "--tokenizer", none));
    Path damaged = Files.writeString(folder.resolve("damaged.bpe"), Files.readString(vocabulary).replaceFirst("end .*", "end 00000000"));
    assertTrue(Cli.failure("tokenizer", "decode", "1", "--tokenizer", damaged).startsWith(damaged + ": "));
    assertEquals("expected token ids from 0 to 259, got '260'", Cli.failure("tokenizer", "decode", "260", "--tokenizer", vocabulary));
    Path latin = Files.write(folder.resolve("latin.txt"), new byte[] {'a', (byte) 0xe9, '\n'});
    assertEquals("--text: " + latin + " is not text in UTF-8; save it as UTF-8", Cli.failure("tokenizer", "train", "--text", latin, "--out", none));
    assertEquals("--text: no such file: " + none, Cli.failure("tokenizer", "train", "--text", none, "--out", none));
    Path empty = Files.writeString(folder.resolve("empty.txt"), "\n \n");
    assertEquals("--text: " + empty + " holds no caption; expected one a line", Cli.failure("tokenizer", "train", "--text", empty, "--out", none));
    assertFalse(Files.exists(none));
  }

  @Test
  void misuse() {
    assertEquals("--dropout: expected a probability from 0 to 1, got 1.5", Cli.misuse("tokenizer", "encode", "x", "--dropout", 1.5));
    assertEquals("vocabularySize: expected 256 (one token a byte) to 1048576, got 200",
        Cli.misuse("tokenizer", "train", "--text", "x", "--vocabulary", 200, "--out", "y"));
    assertEquals("--text: expected either a text file or a data set, got both",
        Cli.misuse("tokenizer", "train", "--text", "x", "--data", "emoji", "--out", "y"));
    assertTrue(Cli.misuse("tokenizer", "train", "--text", "x").contains("--out"));
    assertEquals("a command is missing", Cli.misuse("tokenizer"));
  }
}
