package dev.dalle.trainer.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --weights}: a run's folder, or one file of weights. */
final class WeightsOption {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  private Path weights;

  @Option(names = "--weights", paramLabel = "PATH", description = "Use the weights of this run folder, or of this file.")
  void weights(Path path) {
    if (!Files.exists(path)) {
      throw new ParameterException(mixee.commandLine(), "--weights: no such file or folder: " + path);
    }
    weights = path;
  }

  Optional<Path> weights() {
    return Optional.ofNullable(weights);
  }
}
