package dev.dalle.trainer.cli;

import dev.dalle.trainer.run.RunFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code --weights} of a dVAE: a run's folder, one file of weights, or one file for each of its networks. */
final class DvaeWeightsOption {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee;

  @Option(
      names = "--weights",
      paramLabel = "PATH",
      description = "Use the dVAE of this run folder or of this file (default runs/demo): a file of this program, or a published one such as encoder.pkl. Given"
          + " twice, encoder and decoder come from two files.")
  private List<Path> weights = new ArrayList<>();

  @Option(names = "--entry", paramLabel = "NAME", description = "Of files that hold several models, such as a training's checkpoint, use this entry.")
  private Optional<String> entry = Optional.empty();

  /**
   * The files of weights.
   *
   * @throws CommandException if a run has none
   */
  DvaeFiles files() {
    return new DvaeFiles(paths(), entry);
  }

  /** The run that they are of, if they are of one: the folder that was named, that of the first file, or the demo's. */
  RunFolder run() {
    return WeightsOption.runOf(weights.stream().findFirst());
  }

  private List<Path> paths() {
    for (Path path : weights) {
      if (!Files.exists(path)) {
        throw misuse("--weights: no such file or folder: " + path);
      }
      if (weights.size() > 1 && Files.isDirectory(path)) {
        throw misuse("--weights: expected a folder alone, or files of an encoder and a decoder, got the folder " + path + " and another");
      }
    }
    if (weights.isEmpty() || Files.isDirectory(weights.getFirst())) {
      Path file = new RunFolder(weights.isEmpty() ? WeightsOption.DEMO : weights.getFirst()).dvae();
      WeightsOption.require(file, "dVAE");
      return List.of(file);
    }
    return List.copyOf(weights);
  }

  private ParameterException misuse(String message) {
    return new ParameterException(mixee.commandLine(), message);
  }
}
