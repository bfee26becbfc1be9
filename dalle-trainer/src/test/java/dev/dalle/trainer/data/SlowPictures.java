package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Picture;
import java.util.function.IntUnaryOperator;

/**
 * Pictures that take their time or fail, each of other colours.
 *
 * @param size number of examples
 * @param height of the pictures
 * @param more columns than rows
 * @param millis asked before a picture is made: for how long to sleep, or an exception
 */
public record SlowPictures(int size, int height, int more, IntUnaryOperator millis) implements CaptionedPictures {
  @Override
  public String name() {
    return "slow";
  }

  @Override
  public Example example(int index) {
    return new Example("slow/" + index, "number " + index);
  }

  @Override
  public Picture picture(int index, int side) {
    try {
      Thread.sleep(millis.applyAsInt(index));
    } catch (InterruptedException e) {
      throw new IllegalStateException("a reader was interrupted", e);
    }
    int width = height + more;
    byte[] rgb = new byte[height * width * Picture.CHANNELS];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (index * 31 + i * 7);
    }
    return new Picture(height, width, rgb);
  }

  @Override
  public void close() {}
}
