package dev.dalle.trainer.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle experiment}: the paper's claims at our size. By itself it does nothing but ask for a command. */
@Command(
    name = "experiment",
    description = "Repeat a claim of the paper at a size that a processor trains.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DvaeClaimsCommand.class, GradientScalingCommand.class})
final class ExperimentCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
