package dev.dalle.trainer.cli;

import dev.dalle.precision.format.FloatFormat;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dalle precision table}: all numbers of a format. */
@Command(
    name = "table",
    description = "Print every code of a format and its value: code,value, one line each.",
    footer = {"", "Example:", "  dalle precision table 1-6-9 > 1-6-9.csv"})
final class PrecisionTableCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private FormatParameter format;

  @Override
  public Integer call() {
    FloatFormat chosen = format.format();
    PrintWriter out = spec.commandLine().getOut();
    for (int code = 0; code < chosen.codeCount(); code++) {
      out.println(code + "," + chosen.decode(code));
    }
    return 0;
  }
}
