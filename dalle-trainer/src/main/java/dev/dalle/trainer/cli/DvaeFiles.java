package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeWeights;
import dev.dalle.trainer.run.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where the weights of a dVAE are.
 *
 * @param paths at least one
 * @param entry what of them, where they hold several models
 */
record DvaeFiles(List<Path> paths, Optional<String> entry) {
  /**
   * Opens them; to be closed by the caller.
   *
   * @throws IOException as {@link ModelFiles#openDvae}
   */
  DvaeWeights open() throws IOException {
    return ModelFiles.openDvae(paths, entry);
  }

  @Override
  public String toString() {
    return String.join(" and ", paths.stream().map(Path::toString).toList());
  }
}
