package dev.dalle.trainer.cli;

import dev.dalle.trainer.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --weights}: a run's folder, or one file of weights. */
final class WeightsOption {
  static final Path DEMO = Path.of("runs", "demo");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  private Path weights;

  @Option(names = "--weights", paramLabel = "PATH", description = "Use the weights of this run folder, or of this file (default runs/demo).")
  void weights(Path path) {
    if (!Files.exists(path)) {
      throw new ParameterException(mixee.commandLine(), "--weights: no such file or folder: " + path);
    }
    weights = path;
  }

  Optional<Path> weights() {
    return Optional.ofNullable(weights);
  }

  /** The run: the folder that was named, that of the file that was named, or the demo's. */
  RunFolder run() {
    return runOf(weights());
  }

  /** The folder that was named, that of the file that was named, or the demo's. */
  static RunFolder runOf(Optional<Path> named) {
    return new RunFolder(named.map(path -> Files.isDirectory(path) ? path : path.toAbsolutePath().getParent()).orElse(DEMO));
  }

  /**
   * The file of weights.
   *
   * @param model what it should hold, for the message
   * @param ofRun where it lies in a run
   * @throws CommandException if there is none
   */
  Path file(String model, Function<RunFolder, Path> ofRun) {
    Path file = weights().filter(path -> !Files.isDirectory(path)).orElseGet(() -> ofRun.apply(run()));
    require(file, model);
    return file;
  }

  /** Says what to do where there is no file. */
  static void require(Path file, String model) {
    if (!Files.exists(file)) {
      throw new CommandException("no weights of a " + model + " at " + file + ": name a run or a file with --weights, or train one with dalle demo or"
          + " dalle train");
    }
  }
}
