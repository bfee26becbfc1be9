package dev.dalle.trainer.cli;

import dev.dalle.trainer.config.DurationText;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Where the program starts: reads the command line, runs one command and ends with its exit status. */
public final class Main {

  private Main() {}

  /**
   * Runs one command and ends the process.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    // Before the first logger is made, which reads the property.
    if (Arrays.asList(args).contains(RootCommand.VERBOSE)) {
      System.setProperty("dalle.log.level", "debug");
    }
    System.exit(run(List.of(args), new PrintWriter(System.out, true), new PrintWriter(System.err, true)));
  }

  /**
   * Runs one command.
   *
   * @param args the command line
   * @param out takes the results
   * @param err takes everything else
   * @return 0 done, 1 failed, 2 misused
   */
  static int run(List<String> args, PrintWriter out, PrintWriter err) {
    return run(commandLine(), args, out, err);
  }

  /** As above, with another tree of commands. */
  static int run(CommandLine tree, List<String> args, PrintWriter out, PrintWriter err) {
    CommandLine line = tree.setOut(out).setErr(err);
    try {
      return line.execute(args.toArray(String[]::new));
    } catch (OutOfMemoryError | LinkageError e) {
      // Errors do not come through the handlers; these two have causes that a user can do something about.
      return Errors.failed(e, line);
    } finally {
      out.flush();
      err.flush();
    }
  }

  /** The whole tree of commands, with this program's way of reporting errors. */
  static CommandLine commandLine() {
    CommandLine tree = configure(new CommandLine(new RootCommand()));
    // Its parameters are numbers, and those below zero look like options.
    tree.getSubcommands().get("precision").getSubcommands().get("encode").setUnmatchedOptionsArePositionalParams(true);
    return tree;
  }

  /** Sets a tree of commands up; those added to it later miss it. */
  static CommandLine configure(CommandLine tree) {
    return tree
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setAbbreviatedOptionsAllowed(false)
        .registerConverter(Duration.class, Main::duration)
        .setParameterExceptionHandler(Errors::misused)
        .setExecutionExceptionHandler(Errors::failed);
  }

  private static Duration duration(String text) {
    try {
      return DurationText.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }
}
