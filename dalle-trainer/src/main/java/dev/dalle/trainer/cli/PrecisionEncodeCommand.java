package dev.dalle.trainer.cli;

import dev.dalle.precision.format.FloatFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle precision encode}: numbers to codes. */
@Command(
    name = "encode",
    description = "Turn decimal numbers into the codes of a format, one a line.",
    footer = {"", "Examples:", "  dalle precision encode 1-6-9 1.0 -0.25", "  dalle precision encode 0-6-10 < numbers.txt"})
final class PrecisionEncodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private FormatParameter format;

  @Parameters(index = "1..*", arity = "0..*", paramLabel = "NUMBER", description = "Numbers; without any, each line of standard input is one.")
  private List<String> numbers = List.of();

  private final InputStream input;

  PrecisionEncodeCommand() {
    this(System.in);
  }

  PrecisionEncodeCommand(InputStream input) {
    this.input = input;
  }

  @Override
  public Integer call() throws IOException {
    FloatFormat chosen = format.format();
    PrintWriter out = spec.commandLine().getOut();
    for (String number : numbers) {
      out.println(code(chosen, number, ""));
    }
    if (numbers.isEmpty()) {
      try (TextLines lines = new TextLines("standard input", input, false)) {
        for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
          out.println(code(chosen, line.get(), "standard input, line " + lines.number() + ": "));
        }
      }
    }
    return 0;
  }

  private static int code(FloatFormat format, String text, String where) {
    try {
      return format.encode(Double.parseDouble(text.strip()));
    } catch (NumberFormatException e) {
      throw new CommandException(where + "expected a decimal number, got '" + text + "'", e);
    }
  }
}
