package dev.dalle.trainer.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dalle tokenizer}: the byte-pair vocabulary of captions. By itself it does nothing but ask for a command. */
@Command(
    name = "tokenizer",
    description = "Byte-pair encoding of captions: train a vocabulary, encode and decode texts, convert between formats.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {TokenizerTrainCommand.class, TokenizerEncodeCommand.class, TokenizerDecodeCommand.class, TokenizerConvertCommand.class})
final class TokenizerCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
