package dev.dalle.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Runs benchmarks in rounds and prints how the two sides compare. In a round every benchmark runs once on each side, one right after the other, so that a
 * change of the machine's load between rounds touches both alike; ratios are taken within a round.
 *
 * <p>Arguments are JMH's ({@code -h} lists them), without a number of forks, behind {@code --rounds N} (3) and {@code --out FOLDER}, which keeps
 * {@code jmh.json} and {@code ratios.md}.
 */
public final class Main {
  private Main() {}

  /** Runs. */
  public static void main(String[] args) throws RunnerException, CommandLineOptionException, IOException {
    int rounds = 3;
    Path out = Path.of("target", "bench");
    List<String> rest = new ArrayList<>();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--rounds" -> rounds = rounds(argument(args, ++i, "a number of rounds"));
        case "--out" -> out = Path.of(argument(args, ++i, "a folder"));
        default -> rest.add(args[i]);
      }
    }
    CommandLineOptions given = new CommandLineOptions(rest.toArray(String[]::new));
    if (given.shouldHelp()) {
      System.out.println("--rounds N and --out FOLDER, then JMH's options:");
      given.showHelp();
    } else if (given.shouldList()) {
      new Runner(given).list();
    } else if (given.shouldListWithParams()) {
      new Runner(given).listWithParams(given);
    } else {
      run(given, rounds, out);
    }
  }

  private static void run(Options given, int rounds, Path out) throws RunnerException, IOException {
    Files.createDirectories(out);
    Options options = new OptionsBuilder().parent(given).forks(1).shouldFailOnError(true).build();
    List<RunResult> results = new ArrayList<>();
    RatioTable table = new RatioTable();
    for (int round = 0; round < rounds; round++) {
      Collection<RunResult> measured = new Runner(options).run();
      results.addAll(measured);
      table.addRound(measured);
      // Written after every round: a long run that is stopped leaves the rounds that it finished.
      ResultFormatFactory.getInstance(ResultFormatType.JSON, out.resolve("jmh.json").toString()).writeOut(results);
      Files.writeString(out.resolve("ratios.md"), table.markdown());
    }
    System.out.println();
    System.out.println(table.markdown());
  }

  private static String argument(String[] args, int at, String what) {
    if (at >= args.length) {
      throw new IllegalArgumentException(args[at - 1] + ": expected " + what + " after it");
    }
    return args[at];
  }

  private static int rounds(String text) {
    if (!text.matches("[1-9][0-9]{0,3}")) {
      throw new IllegalArgumentException("--rounds: expected a number from 1 to 9999, got " + text);
    }
    return Integer.parseInt(text);
  }
}
