package dev.dalle.trainer.cli;

import dev.dalle.trainer.run.RunFolder;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --run}: the folder of a finished run, whose models are used. */
final class RunOption {
  @Option(names = "--run", paramLabel = "DIR", defaultValue = "runs/demo", description = "The run whose models are used (default ${DEFAULT-VALUE}).")
  private Path folder;

  RunFolder folder() {
    return new RunFolder(folder);
  }
}
