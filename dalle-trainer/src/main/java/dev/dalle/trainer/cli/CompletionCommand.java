package dev.dalle.trainer.cli;

import java.io.PrintWriter;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code dalle completion}: prints a script that completes commands and options in bash and zsh. */
@Command(
    name = "completion",
    description = "Print a completion script for bash and zsh: source <(./dalle completion)")
final class CompletionCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    CommandLine root = spec.root().commandLine();
    PrintWriter out = spec.commandLine().getOut();
    out.print(AutoComplete.bash("dalle", root));
    out.flush();
  }
}
