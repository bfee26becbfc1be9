package dev.dalle.trainer.cli;

import dev.dalle.trainer.files.FileHash;
import dev.dalle.trainer.run.TrainedWith;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What the models that drew a picture are known by: SHA-256, 64 digits each.
 *
 * @param transformer of its weights
 * @param dvae of its weights
 * @param vocabulary of its file; of a folder those of vocab.json and merges.txt, one after the other
 */
record ModelHashes(String transformer, String dvae, String vocabulary) {
  /** Of files. */
  static ModelHashes of(Path transformer, Path dvae, Path vocabulary) throws IOException {
    TrainedWith beside = TrainedWith.of(dvae, vocabulary);
    return new ModelHashes(FileHash.sha256(transformer), beside.dvae(), beside.vocabulary());
  }
}
