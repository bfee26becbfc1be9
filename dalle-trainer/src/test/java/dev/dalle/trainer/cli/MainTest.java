package dev.dalle.trainer.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.trainer.config.Presets;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

class MainTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.run(List.of(args), new PrintWriter(out, true), new PrintWriter(err, true));
  }

  @ParameterizedTest
  @CsvSource({
    "docter, unknown command 'docter'; did you mean 'doctor'?, dalle",
    "qqqqqqqq, unknown command 'qqqqqqqq', dalle",
    "--verbos, unknown option '--verbos'; did you mean '--verbose'?, dalle",
    "doctor --jsom, unknown option '--jsom'; did you mean '--json'?, dalle doctor",
    "doctor --jsom=3, unknown option '--jsom'; did you mean '--json'?, dalle doctor",
    "doctor x y, unexpected argument 'y', dalle doctor",
  })
  void misuseIsOneLineAndStatusTwo(String line, String message, String command) {
    assertEquals(2, run(line.split(" ")));
    assertEquals("dalle: " + message + System.lineSeparator() + "Try '" + command + " --help'." + System.lineSeparator(), err.toString());
    assertEquals("", out.toString());
  }

  @Test
  void withoutACommandItAsksForOne() {
    assertEquals(2, run());
    assertTrue(err.toString().startsWith("dalle: a command is missing"), err.toString());
  }

  @Test
  void everyCommandHasHelp() {
    assertEquals(0, run("--help"));
    CommandLine root = Main.commandLine();
    assertTrue(root.getSubcommands().size() >= 3);
    checkHelp(root);
    assertEquals("", err.toString());
  }

  private void checkHelp(CommandLine command) {
    for (CommandLine sub : command.getSubcommands().values()) {
      String[] line = (sub.getCommandSpec().qualifiedName() + " --help").replaceFirst("dalle ", "").split(" ");
      out.getBuffer().setLength(0);
      assertEquals(0, run(line), () -> String.join(" ", line));
      assertTrue(out.toString().startsWith("Usage: " + sub.getCommandSpec().qualifiedName()), out.toString());
      checkHelp(sub);
    }
  }

  @Test
  void theCompletionScriptKnowsTheCommands() {
    assertEquals(0, run("completion"));
    assertTrue(out.toString().startsWith("#!/usr/bin/env bash") && out.toString().contains("doctor"));
  }

  @Test
  void aFailureIsOneLineAndStatusOne() {
    assertEquals(1, run("test", "-pl", "x"), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
    assertTrue(err.toString().startsWith("dalle: test is run by the launcher ./dalle"), err.toString());
  }

  @Test
  void theStackTraceIsThereForThoseWhoAsk() {
    assertEquals(1, run("--verbose", "test"));
    assertTrue(err.toString().contains("\tat dev.dalle.trainer"), err.toString());
  }

  @Test
  void messagesSayWhatHappened() {
    assertEquals("no such file or folder: a/b.png", Errors.describe(new NoSuchFileException("a/b.png")));
    assertEquals(
        "no such file or folder: x", Errors.describe(new UncheckedIOException("wrapped", new NoSuchFileException("x"))));
    assertEquals("one two", Errors.describe(new IllegalStateException("one\n   two\n")));
    assertEquals(
        "out of memory (Java heap space): use a smaller preset, or a larger heap with DALLE_HEAP=4g",
        Errors.describe(new OutOfMemoryError("Java heap space")));
    assertEquals(
        "unexpected IllegalStateException (this is a bug; run again with --verbose for the stack trace)",
        Errors.describe(new IllegalStateException()));
    assertTrue(Errors.describe(new NullPointerException("x is null")).startsWith("unexpected NullPointerException: x is null"));
  }

  @Test
  void aLackOfMemoryIsReportedToo() {
    assertEquals(1, Main.run(new CommandLine(new RootCommand()).addSubcommand(new Probe()), List.of("probe", "--fail"), new PrintWriter(out, true), new PrintWriter(err, true)));
    assertTrue(err.toString().startsWith("dalle: out of memory (native): use a smaller preset"), err.toString());
  }

  record Size(int width, Duration budget) {}

  /** A command with every shared option. */
  @Command(name = "probe")
  static final class Probe implements Callable<Integer> {
    @Mixin private ConfigOptions config;
    @Mixin private SeedOption seed;
    @Mixin private DeviceOption device;
    @Mixin private WeightsOption weights;
    @Mixin private JsonOption json;

    @Option(names = "--budget")
    private Duration budget = Duration.ZERO;

    @Option(names = "--fail")
    private boolean fail;

    private Size size;

    @Override
    public Integer call() {
      if (fail) {
        throw new OutOfMemoryError("native");
      }
      size = config.resolve(new Presets<>("probe", Map.of("small", new Size(1, Duration.ofSeconds(1)))), "small");
      return 0;
    }
  }

  private int probe(Probe probe, String... args) {
    CommandLine line = Main.configure(new CommandLine(new RootCommand()).addSubcommand(probe)).setErr(new PrintWriter(err, true));
    String[] all = new String[args.length + 1];
    all[0] = "probe";
    System.arraycopy(args, 0, all, 1, args.length);
    return line.execute(all);
  }

  @Test
  void sharedOptionsMeanTheSameEverywhere(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("c.json"), "{\"width\": 7}");
    Probe probe = new Probe();
    assertEquals(
        0,
        probe(
            probe, "--config", file.toString(), "--preset=small", "--seed=-5", "--device=cuda:3", "--weights", folder.toString(),
            "--json", "--budget", "1h30m"),
        err::toString);
    assertEquals(new Size(7, Duration.ofSeconds(1)), probe.size);
    assertEquals(-5, probe.seed.seed().orElseThrow());
    assertEquals("cuda:3", probe.device.device().orElseThrow());
    assertEquals(folder, probe.weights.weights().orElseThrow());
    assertTrue(probe.json.json());
    assertEquals(Duration.ofMinutes(90), probe.budget);

    Probe plain = new Probe();
    assertEquals(0, probe(plain));
    assertEquals(1, plain.size.width());
    assertTrue(plain.seed.seed().isEmpty() && plain.device.device().isEmpty() && plain.weights.weights().isEmpty());
    assertFalse(plain.json.json() || plain.config.print());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--device=gpu | --device: expected cpu or cuda:N, found 'gpu'",
        "--weights=/no/such/file | --weights: no such file or folder: /no/such/file",
        "--preset=smal | unknown probe preset 'smal'; did you mean 'small'? (there are small)",
        "--config=/no/such.json | /no/such.json: no such file",
        "--budget=15min | Invalid value for option '--budget': expected a duration like 90s, 15m or 1h30m, found '15min'",
        "--seed=x | Invalid value for option '--seed': 'x' is not a long",
        "--sed=1 | unknown option '--sed'; did you mean '--seed'?",
      })
  void wrongValuesAreMisuse(String option, String message) {
    assertEquals(2, probe(new Probe(), option));
    assertEquals("dalle: " + message, err.toString().lines().findFirst().orElse(""));
  }

  @Test
  void aClaimThatThereIsNotIsNamed() {
    assertEquals("CLAIM: expected some of temperature, beta, annealing, kernel, pooling, got 'temprature'; did you mean 'temperature'?",
        Cli.misuse("experiment", "dvae", "temprature"));
  }
}
