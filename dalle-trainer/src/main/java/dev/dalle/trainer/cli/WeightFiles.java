package dev.dalle.trainer.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** Files of trained models. */
final class WeightFiles {
  private WeightFiles() {}

  /**
   * Says what to do where there are none.
   *
   * @param model what the file should hold
   */
  static void require(Path file, String model) {
    if (!Files.exists(file)) {
      throw new CommandException("no weights of a " + model + " at " + file + ": name a run with --run or a file, or train one with dalle demo or"
          + " dalle train");
    }
  }
}
