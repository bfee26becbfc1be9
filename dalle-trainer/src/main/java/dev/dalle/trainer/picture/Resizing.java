package dev.dalle.trainer.picture;

/** The two resizes of the paper's pipeline, and cuts. Both resizes leave a picture alone that already has the size asked for. */
public final class Resizing {
  private Resizing() {}

  /**
   * By area with aligned corners, as TensorFlow 1 does it; then clipped to 0..255 and rounded to the nearest, halves to even.
   * Used while training. Source: Ramesh et al. 2021, arXiv 2102.12092, Listings 1 and 2.
   *
   * @param picture at least 2 x 2, unless the size stays the same
   * @param rows new height
   * @param columns new width
   */
  public static Picture area(Picture picture, int rows, int columns) {
    check(rows, columns);
    if (picture.height() == rows && picture.width() == columns) {
      return picture;
    }
    float[] means = AreaResize.resize(picture, rows, columns);
    byte[] rgb = new byte[means.length];
    for (int i = 0; i < means.length; i++) {
      rgb[i] = (byte) Math.clamp((int) Math.rint(means[i]), 0, 255);
    }
    return Picture.owning(rows, columns, rgb);
  }

  /**
   * With a Lanczos window of three lobes, by Pillow's rules. Used where the result must not depend on chance.
   *
   * @param picture any
   * @param rows new height
   * @param columns new width
   */
  public static Picture lanczos(Picture picture, int rows, int columns) {
    check(rows, columns);
    return LanczosResize.resize(picture, rows, columns);
  }

  /**
   * The deterministic preprocessing of the published weights: the short side is brought to {@code side} with Lanczos, then the
   * middle {@code side x side} is cut out. A picture of exactly that size comes back unchanged.
   *
   * @param picture its short side must be at least {@code side}
   * @param side side of the result
   * @throws PictureException if the picture is too small; enlarging would teach blur
   */
  public static Picture centre(Picture picture, int side) {
    check(side, side);
    int shortSide = picture.shortSide();
    if (shortSide < side) {
      throw new PictureException("expected a picture of at least " + side + " pixels on its short side, got " + picture.width()
          + " x " + picture.height() + "; leave it out or choose a smaller side");
    }
    double ratio = (double) side / shortSide;
    int rows = (int) Math.rint(ratio * picture.height());
    int columns = (int) Math.rint(ratio * picture.width());
    Picture small = lanczos(picture, rows, columns);
    int top = (int) Math.rint((rows - side) / 2.0);
    int left = (int) Math.rint((columns - side) / 2.0);
    return small.crop(top, left, side, side);
  }

  /**
   * The middle of a picture, as large as can be with sides that are multiples of a number of pixels: nothing is resized, and less than that number is lost
   * along each side, as much at one end as at the other or one pixel more at the bottom and on the right.
   *
   * @param picture its sides must be at least {@code unit}
   * @param unit of the sides of the result, 1 or more
   * @throws PictureException if the picture is too small
   */
  public static Picture cutToMultiples(Picture picture, int unit) {
    check(unit, unit);
    if (picture.shortSide() < unit) {
      throw new PictureException("expected a picture of at least " + unit + " pixels on its short side, got " + picture.width() + " x " + picture.height()
          + "; leave it out or enlarge it");
    }
    int top = picture.height() % unit / 2;
    int left = picture.width() % unit / 2;
    return picture.crop(top, left, picture.height() / unit * unit, picture.width() / unit * unit);
  }

  private static void check(int rows, int columns) {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException("resize: expected at least 1 x 1 pixels, got " + columns + " x " + rows);
    }
  }
}
