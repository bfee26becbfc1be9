package dev.dalle.trainer.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --out}: the folder or file that a command writes. */
final class OutOption {

  @Option(names = "--out", paramLabel = "PATH", description = "Write here.")
  private Path out;

  Optional<Path> out() {
    return Optional.ofNullable(out);
  }
}
