package dev.dalle.trainer.cli;

import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --threads}: how many threads compute. Sums are split by thread, so results repeat to the bit only for the same number. */
final class ThreadsOption {
  static final int MOST = 1024;

  private Optional<Integer> threads = Optional.empty();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--threads", paramLabel = "N", description = "Threads that compute; by default one for each available processor.")
  private void threads(int value) {
    if (value < 1 || value > MOST) {
      throw new ParameterException(command.commandLine(), "--threads: expected 1 to " + MOST + ", got " + value);
    }
    threads = Optional.of(value);
  }

  /** What was given, if anything. */
  Optional<Integer> given() {
    return threads;
  }

  /** What was given, or one for each processor. */
  int orAllProcessors() {
    return threads.orElseGet(() -> Runtime.getRuntime().availableProcessors());
  }
}
