package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Augmentation;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureException;
import dev.dalle.trainer.picture.PictureFiles;
import dev.dalle.trainer.picture.PictureFloats;
import dev.dalle.trainer.picture.Resizing;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/**
 * Pictures brought to the side that a model takes: as evaluation sees them, short side resized and centre cut out, or varied as in training; or whole. Whatever
 * fails names the picture.
 */
public final class FittedPicture {
  private FittedPicture() {}

  /**
   * An example of a data set.
   *
   * @throws PictureException if it cannot be read or has no room for the side; the message names it
   */
  public static Picture of(CaptionedPictures data, int index, int side) {
    return named(data, index, () -> Resizing.centre(data.picture(index, side), side));
  }

  /**
   * A variation of an example of a data set.
   *
   * @param sourceSide side at which drawings are rendered before they are varied
   * @param random source of all chance
   * @return a picture of the augmentation's side
   * @throws PictureException if it cannot be read or has no room for the side; the message names it
   */
  public static Picture varied(CaptionedPictures data, int index, int sourceSide, Augmentation augmentation, RandomGenerator random) {
    return named(data, index, () -> augmentation.apply(data.picture(index, sourceSide), random));
  }

  private static Picture named(CaptionedPictures data, int index, Supplier<Picture> work) {
    try {
      return work.get();
    } catch (PictureException e) {
      throw new PictureException(name(data, index) + ": " + e.getMessage(), e);
    } catch (DataException e) {
      throw new DataException(name(data, index) + ": " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw new IllegalStateException(name(data, index) + ": unexpected " + e, e);
    }
  }

  private static String name(CaptionedPictures data, int index) {
    return "data set " + data.name() + ", example " + data.example(index).id();
  }

  /**
   * A picture file.
   *
   * @throws PictureException if it cannot be read or has no room for the side; the message names it
   */
  public static Picture of(Path file, int side) {
    return read(file, picture -> Resizing.centre(picture, side));
  }

  /**
   * A picture file at its own size, cut to sides that are multiples of a number of pixels; see {@link Resizing#cutToMultiples}.
   *
   * @throws PictureException if it cannot be read or is smaller than that; the message names it
   */
  public static Picture whole(Path file, int unit) {
    return read(file, picture -> Resizing.cutToMultiples(picture, unit));
  }

  private static Picture read(Path file, UnaryOperator<Picture> fit) {
    Picture picture = PictureFiles.read(file);
    try {
      return fit.apply(picture);
    } catch (PictureException e) {
      throw new PictureException(file + ": " + e.getMessage(), e);
    }
  }

  /** Examples of a data set as floats {@code [N, side, side, 3]}. */
  public static float[] floats(CaptionedPictures data, int[] indices, int side) {
    return PictureFloats.of(Arrays.stream(indices).mapToObj(index -> of(data, index, side)).toList());
  }
}
