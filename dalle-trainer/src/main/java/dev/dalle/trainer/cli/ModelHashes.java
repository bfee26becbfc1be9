package dev.dalle.trainer.cli;

import dev.dalle.trainer.files.FileHash;
import java.io.IOException;
import java.nio.file.Files;
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
    return new ModelHashes(FileHash.sha256(transformer), FileHash.sha256(dvae), Files.isDirectory(vocabulary)
        ? FileHash.sha256(vocabulary.resolve("vocab.json")) + FileHash.sha256(vocabulary.resolve("merges.txt")) : FileHash.sha256(vocabulary));
  }
}
