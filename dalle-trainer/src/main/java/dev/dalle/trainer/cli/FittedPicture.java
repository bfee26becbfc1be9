package dev.dalle.trainer.cli;

import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.picture.Resizing;
import java.nio.file.Path;

/** Pictures brought to the side that a model takes, as evaluation sees them: short side resized, centre cut out. */
final class FittedPicture {
  private FittedPicture() {}

  /** An example of a data set; the message of a failure names it. */
  static Picture of(CaptionedPictures data, int index, int side) {
    try {
      return Resizing.centre(data.picture(index, side), side);
    } catch (PictureException e) {
      throw new PictureException("data set " + data.name() + ", example " + data.example(index).id() + ": " + e.getMessage(), e);
    }
  }

  /** A picture file; the message of a failure names it. */
  static Picture of(Path file, int side) {
    Picture picture = PictureFiles.read(file);
    try {
      return Resizing.centre(picture, side);
    } catch (PictureException e) {
      throw new PictureException(file + ": " + e.getMessage(), e);
    }
  }
}
