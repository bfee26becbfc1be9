package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.picture.Resizing;
import java.nio.file.Path;
import java.util.Arrays;

/** Pictures brought to the side that a model takes, as evaluation sees them: short side resized, centre cut out. */
public final class FittedPicture {
  private FittedPicture() {}

  /**
   * An example of a data set.
   *
   * @throws PictureException if it cannot be read or has no room for the side; the message names it
   */
  public static Picture of(CaptionedPictures data, int index, int side) {
    try {
      return Resizing.centre(data.picture(index, side), side);
    } catch (PictureException e) {
      throw new PictureException("data set " + data.name() + ", example " + data.example(index).id() + ": " + e.getMessage(), e);
    }
  }

  /**
   * A picture file.
   *
   * @throws PictureException if it cannot be read or has no room for the side; the message names it
   */
  public static Picture of(Path file, int side) {
    Picture picture = PictureFiles.read(file);
    try {
      return Resizing.centre(picture, side);
    } catch (PictureException e) {
      throw new PictureException(file + ": " + e.getMessage(), e);
    }
  }

  /** Examples of a data set as floats {@code [N, side, side, 3]}. */
  public static float[] floats(CaptionedPictures data, int[] indices, int side) {
    return PictureFloats.of(Arrays.stream(indices).mapToObj(index -> of(data, index, side)).toList());
  }
}
