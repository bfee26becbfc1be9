package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeNetwork;
import dev.dalle.dvae.DvaeWeights;
import dev.dalle.trainer.files.FileHash;
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

  /**
   * Opens them; to be closed by the caller.
   *
   * @param needed networks that have to be there
   * @throws CommandException if one is not
   * @throws IOException as {@link ModelFiles#openDvae}
   */
  DvaeWeights open(List<DvaeNetwork> needed) throws IOException {
    DvaeWeights weights = open();
    for (DvaeNetwork network : needed) {
      if (!weights.networks().contains(network)) {
        weights.close();
        throw new CommandException(this + ": holds no " + network + ", which this command needs; give two files with --weights, or put both"
            + " networks into one file with dalle convert");
      }
    }
    return weights;
  }

  /** What they are, whatever they are called: SHA-256 of the file, or of those of several in their order. */
  String sha256() throws IOException {
    if (paths.size() == 1) {
      return FileHash.sha256(paths.getFirst());
    }
    StringBuilder hashes = new StringBuilder();
    for (Path path : paths) {
      hashes.append(FileHash.sha256(path));
    }
    return FileHash.sha256(hashes.toString());
  }

  @Override
  public String toString() {
    return String.join(" and ", paths.stream().map(Path::toString).toList());
  }
}
