package dev.dalle.trainer.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle precision}: small floating-point formats. By itself it does nothing but ask for a command. */
@Command(
    name = "precision",
    description = "Look at small floating-point formats: 1-6-9, 0-6-10, fp16, bf16, e4m3, e5m2.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {PrecisionTableCommand.class, PrecisionEncodeCommand.class})
final class PrecisionCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
