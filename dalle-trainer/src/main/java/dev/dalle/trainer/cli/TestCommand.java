package dev.dalle.trainer.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dalle test}: listed here for its help. The launcher runs it, because it rebuilds what this program runs from. */
@Command(
    name = "test",
    description = "Build all modules and run all tests: mvn verify under the JDK that the launcher found.")
final class TestCommand implements Callable<Integer> {

  @Parameters(arity = "0..*", paramLabel = "ARGUMENT", description = "Passed to Maven, for example -pl dalle-tokenizer.")
  private List<String> arguments = List.of();

  /** Maven's options are not ours. */
  @Spec
  void passOptionsOn(CommandSpec spec) {
    spec.parser().unmatchedOptionsArePositionalParams(true);
  }

  @Override
  public Integer call() {
    throw new CommandException(
        "test is run by the launcher ./dalle at the root of the repository, not by this program; arguments: " + arguments);
  }
}
