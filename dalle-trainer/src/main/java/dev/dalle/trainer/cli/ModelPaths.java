package dev.dalle.trainer.cli;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The files that are needed to draw.
 *
 * @param transformer its weights
 * @param dvae its weights
 * @param vocabulary a file or folder of {@link VocabOption}
 */
record ModelPaths(Path transformer, Path dvae, Path vocabulary) {
  /** What they are known by. */
  ModelHashes hashes() throws IOException {
    return ModelHashes.of(transformer, dvae, vocabulary);
  }

  /**
   * Fails unless these are the files that drew a picture.
   *
   * @param drawn what the picture says
   * @param here what they are known by
   * @param picture for the message
   */
  void checkSame(ModelHashes drawn, ModelHashes here, Path picture) {
    check("transformer", "--weights", drawn.transformer(), here.transformer(), transformer, picture);
    check("dVAE", "--dvae", drawn.dvae(), here.dvae(), dvae, picture);
    check("vocabulary", "--vocab", drawn.vocabulary(), here.vocabulary(), vocabulary, picture);
  }

  private static void check(String model, String option, String drawn, String here, Path file, Path picture) {
    if (!here.equals(drawn)) {
      throw new CommandException(picture + ": was drawn with another " + model + ": it names SHA-256 " + drawn + ", " + file + " has " + here
          + "; name the right file with " + option);
    }
  }
}
