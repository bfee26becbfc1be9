package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.picture.Picture;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --whole}: what of a picture is turned into tokens. */
final class WholeOption {
  @Option(
      names = "--whole",
      description = "Take each picture whole and at its own size, in place of its middle square at the model's. Where tokens do not divide a side, the few"
          + " pixels that are over are cut off at both ends.")
  private boolean whole;

  /**
   * Reads a picture.
   *
   * @throws dev.dalle.trainer.picture.PictureException if it cannot be read or is too small; the message names it
   */
  Picture read(Path file, DvaeConfig model) {
    return whole ? FittedPicture.whole(file, model.downsampling()) : FittedPicture.of(file, model.imageSize());
  }
}
