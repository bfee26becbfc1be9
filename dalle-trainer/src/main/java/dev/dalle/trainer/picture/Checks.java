package dev.dalle.trainer.picture;

import java.util.random.RandomGenerator;

/** What the augmentations share. */
final class Checks {
  private Checks() {}

  static void side(int side) {
    if (side < 2) {
      throw new IllegalArgumentException("side: expected at least 2 pixels, got " + side);
    }
  }

  static void fits(Picture picture, int side) {
    if (picture.shortSide() < side) {
      throw new PictureException("expected a picture of at least " + side + " pixels on its short side, got " + picture.width()
          + " x " + picture.height() + "; leave it out or choose a smaller side");
    }
  }

  /** A square of {@code side} cut out of a square picture, anywhere. */
  static Picture anywhere(Picture square, int side, RandomGenerator random) {
    int room = square.width() - side;
    int top = random.nextInt(room + 1);
    int left = random.nextInt(room + 1);
    return square.crop(top, left, side, side);
  }
}
