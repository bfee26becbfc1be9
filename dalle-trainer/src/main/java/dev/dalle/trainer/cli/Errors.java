package dev.dalle.trainer.cli;

import dev.dalle.trainer.config.Closest;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line for the user and an exit status. */
final class Errors {

  /** A message of more lines is a list, of which the first entries say enough. */
  private static final int MOST_LINES = 4;

  private Errors() {}

  /** A wrong command line: one line, the closest match for an unknown word, and where the help is. Exit status 2. */
  static int misused(ParameterException exception, String[] args) {
    CommandLine command = exception.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("dalle: " + describeMisuse(exception));
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    printStackTrace(exception, command, err);
    return CommandLine.ExitCode.USAGE;
  }

  /** A command that failed: one line. Exit status 1. */
  static int failed(Exception exception, CommandLine command, ParseResult result) {
    return failed(exception, command);
  }

  /** As above, for what is no exception. */
  static int failed(Throwable thrown, CommandLine command) {
    PrintWriter err = command.getErr();
    err.println("dalle: " + describe(thrown));
    printStackTrace(thrown, command, err);
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static String describeMisuse(ParameterException exception) {
    if (!(exception instanceof UnmatchedArgumentException unmatched) || unmatched.getUnmatched().isEmpty()) {
      return oneLine(exception.getMessage());
    }
    String word = unmatched.getUnmatched().getFirst();
    CommandLine command = exception.getCommandLine();
    if (word.startsWith("-")) {
      String name = word.split("=", 2)[0];
      List<String> known = new ArrayList<>();
      command.getCommandSpec().options().forEach(option -> known.addAll(List.of(option.names())));
      return "unknown option '" + name + "'" + suggestion(name, known);
    }
    if (!command.getSubcommands().isEmpty()) {
      return "unknown command '" + word + "'" + suggestion(word, command.getSubcommands().keySet());
    }
    return "unexpected argument '" + word + "'";
  }

  private static String suggestion(String word, Iterable<String> known) {
    Optional<String> closest = Closest.to(word, known);
    return closest.map(name -> "; did you mean '" + name + "'?").orElse("");
  }

  /**
   * One line that says what went wrong.
   *
   * @param thrown what a command threw
   * @return a line without a line break; the class name only where the message alone would say nothing
   */
  static String describe(Throwable thrown) {
    return switch (thrown) {
      case UncheckedIOException e when e.getCause() != null && saysNoMore(e) -> describe(e.getCause());
      case ExceptionInInitializerError e when e.getCause() != null -> describe(e.getCause());
      case ExecutionException e when e.getCause() != null -> describe(e.getCause());
      case NoSuchFileException e -> "no such file or folder: " + e.getFile();
      case FileAlreadyExistsException e -> "already exists: " + e.getFile();
      case AccessDeniedException e -> "no permission: " + e.getFile();
      case NotDirectoryException e -> "not a folder: " + e.getFile();
      case OutOfMemoryError e ->
          "out of memory (" + oneLine(e.getMessage()) + "): use a smaller preset, or a larger heap with DALLE_HEAP=4g";
      case NullPointerException e -> unexpected(e);
      case IndexOutOfBoundsException e -> unexpected(e);
      case ClassCastException e -> unexpected(e);
      default -> thrown.getMessage() == null ? unexpected(thrown) : oneLine(thrown.getMessage());
    };
  }

  /** Whether a wrapper has only the text that its constructor takes from the cause, or the cause is one that has a sentence of its own here. */
  private static boolean saysNoMore(UncheckedIOException wrapper) {
    return wrapper.getMessage() == null
        || wrapper.getMessage().equals(wrapper.getCause().toString())
        || wrapper.getCause() instanceof NoSuchFileException
        || wrapper.getCause() instanceof FileAlreadyExistsException
        || wrapper.getCause() instanceof AccessDeniedException
        || wrapper.getCause() instanceof NotDirectoryException;
  }

  private static String unexpected(Throwable thrown) {
    return "unexpected "
        + thrown.getClass().getSimpleName()
        + (thrown.getMessage() == null ? "" : ": " + oneLine(thrown.getMessage()))
        + " (this is a bug; run again with "
        + RootCommand.VERBOSE
        + " for the stack trace)";
  }

  /** One line of a text; of a long list that follows its first line only the beginning. */
  private static String oneLine(String message) {
    if (message == null) {
      return "no details";
    }
    List<String> lines = message.strip().lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    int shown = lines.size() <= MOST_LINES ? lines.size() : MOST_LINES - 1;
    String more = shown == lines.size() ? "" : " ... and " + (lines.size() - shown) + " more";
    return String.join(" ", lines.subList(0, shown)) + more;
  }

  private static void printStackTrace(Throwable thrown, CommandLine command, PrintWriter err) {
    Object root = command.getCommandSpec().root().userObject();
    if (root instanceof RootCommand options && options.verbose()) {
      thrown.printStackTrace(err);
    }
  }
}
