package dev.dalle.trainer.picture;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Batches of pictures as floats, {@code [N, height, width, 3]}, F32, row-major, 0 black to 1 full colour, and back. */
public final class PictureFloats {
  private PictureFloats() {}

  /**
   * The pictures one after another, each value divided by 255.
   *
   * @param pictures at least one, all of one size
   * @return {@code [N, height, width, 3]} in [0, 1]
   */
  public static float[] of(List<Picture> pictures) {
    if (pictures.isEmpty()) {
      throw new IllegalArgumentException("pictures: expected at least one, got none");
    }
    Picture first = pictures.getFirst();
    int length = first.raw().length;
    float[] values = new float[Math.multiplyExact(pictures.size(), length)];
    for (int n = 0; n < pictures.size(); n++) {
      Picture picture = pictures.get(n);
      if (picture.height() != first.height() || picture.width() != first.width()) {
        throw new IllegalArgumentException("pictures[" + n + "]: expected " + first.width() + " x " + first.height()
            + " like the first, got " + picture.width() + " x " + picture.height());
      }
      put(picture, values, n * length);
    }
    return values;
  }

  /**
   * One picture, each value divided by 255, into a part of an array.
   *
   * @param values takes {@code [height, width, 3]} values in [0, 1]
   * @param at where the first goes
   */
  public static void put(Picture picture, float[] values, int at) {
    byte[] raw = picture.raw();
    Objects.checkFromIndexSize(at, raw.length, values.length);
    for (int i = 0; i < raw.length; i++) {
      values[at + i] = (raw[i] & 0xff) / 255f;
    }
  }

  /**
   * Pictures from floats: clipped to [0, 1], times 255, rounded to the nearest. Not a number becomes black.
   *
   * @param values {@code [count, height, width, 3]}
   * @param count N
   * @param height rows
   * @param width columns
   */
  public static List<Picture> pictures(float[] values, int count, int height, int width) {
    long expected = (long) count * height * width * Picture.CHANNELS;
    if (values.length != expected) {
      throw new IllegalArgumentException("values: expected " + expected + " for [" + count + ", " + height + ", " + width + ", "
          + Picture.CHANNELS + "], got " + values.length);
    }
    int length = height * width * Picture.CHANNELS;
    List<Picture> pictures = new ArrayList<>(count);
    for (int n = 0; n < count; n++) {
      byte[] rgb = new byte[length];
      for (int i = 0; i < length; i++) {
        rgb[i] = (byte) Math.clamp(Math.round(values[n * length + i] * 255f), 0, 255);
      }
      pictures.add(Picture.owning(height, width, rgb));
    }
    return List.copyOf(pictures);
  }
}
