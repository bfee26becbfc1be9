package dev.dalle.trainer.cli;

import dev.dalle.dvae.DvaeConfig;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.picture.Resizing;
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
   * @throws PictureException if it cannot be read or is too small; the message names it
   */
  Picture read(Path file, DvaeConfig model) {
    if (whole) {
      return FittedPicture.whole(file, model.downsampling());
    }
    Picture picture = PictureFiles.read(file);
    int side = model.imageSize();
    if (picture.shortSide() < side) {
      throw new PictureException(file + ": expected a picture of at least the model's " + side + " pixels on its short side, got " + picture.width() + " x "
          + picture.height() + "; leave it out, or take it at its own size with --whole");
    }
    return Resizing.centre(picture, side);
  }
}
