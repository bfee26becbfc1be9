package dev.dalle.trainer.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle attention}: looks at the patterns of sparse attention. By itself it does nothing but ask for a command. */
@Command(
    name = "attention",
    description = "Look at the patterns of sparse attention.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = AttentionMaskCommand.class)
final class AttentionCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
