package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Augmentation;
import dev.dalle.trainer.picture.Picture;
import dev.dalle.trainer.picture.PictureFloats;
import java.util.ArrayList;
import java.util.List;

/**
 * Pictures of a batch as numbers, with their captions.
 *
 * @param number of the batch
 * @param examples index in the data set of each example
 * @param captions one an example
 * @param pixels {@code [B, side, side, 3]}, F32 in [0, 1], row-major; owned by whoever takes the batch
 * @param side of the pictures
 */
public record PictureBatch(long number, int[] examples, List<String> captions, float[] pixels, int side) {
  /** Checks that the parts are of one size. */
  public PictureBatch {
    captions = List.copyOf(captions);
    long expected = (long) examples.length * side * side * Picture.CHANNELS;
    if (captions.size() != examples.length || pixels.length != expected) {
      throw new IllegalArgumentException("batch " + number + ": expected " + examples.length + " captions and " + expected
          + " values, got " + captions.size() + " and " + pixels.length);
    }
  }

  /**
   * Makes batches of a part of a data set.
   *
   * @param data where pictures and captions come from
   * @param part indices in the data set, which the order of the loader counts through: {@link Split#training()} for one
   * @param sourceSide side at which drawings are rendered before they are varied; the paper's variations use up to 12/8 of
   *     the final side
   * @param augmentation varies each picture
   */
  public static BatchLoader.Preparer<PictureBatch> preparer(
      CaptionedPictures data, int[] part, int sourceSide, Augmentation augmentation) {
    int[] indices = part.clone();
    int length = augmentation.side() * augmentation.side() * Picture.CHANNELS;
    return job -> {
      int[] places = job.indices();
      int[] examples = new int[places.length];
      List<String> captions = new ArrayList<>(places.length);
      float[] pixels = new float[Math.multiplyExact(places.length, length)];
      for (int i = 0; i < places.length; i++) {
        job.checkWanted();
        examples[i] = indices[places[i]];
        captions.add(data.example(examples[i]).caption());
        PictureFloats.put(FittedPicture.varied(data, examples[i], sourceSide, augmentation, job.random()), pixels, i * length);
      }
      return new PictureBatch(job.number(), examples, captions, pixels, augmentation.side());
    };
  }
}
