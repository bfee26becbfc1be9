package dev.dalle.trainer.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle train}: one stage of a run. By itself it does nothing but ask for a command. */
@Command(
    name = "train",
    description = "Train one stage of a run; an interrupted stage goes on from its last checkpoint.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {TrainDvaeCommand.class, TrainTransformerCommand.class})
final class TrainCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
