package dev.dalle.trainer.picture;

import java.util.random.RandomGenerator;

/**
 * How a picture is varied while training. The paper gives its numbers for pictures of 256 pixels; here they are shares of the
 * side: 288 is 9/8 and 384 is 12/8 of it, rounded down. All draws come from the generator given, in a fixed order, so the same generator state
 * gives the same picture. Source: Ramesh et al. 2021, arXiv 2102.12092, appendices A.2 and B.2.
 */
public sealed interface Augmentation {
  /** Side of the pictures that come out. */
  int side();

  /**
   * One variation.
   *
   * @param picture short side at least {@link #side()}
   * @param random source of all chance
   * @return a picture of {@code side x side}
   * @throws PictureException if the picture is too small
   */
  Picture apply(Picture picture, RandomGenerator random);

  /**
   * Stage one, Listing 1: a square crop anywhere, resized by area to between 9/8 and 12/8 of the side (less if the picture is
   * smaller), a crop of the side anywhere in it, mirrored half the time.
   *
   * @param side side of the result
   */
  static Augmentation dvae(int side) {
    return new Dvae(side);
  }

  /**
   * Stage two, Listing 2: a square crop near the middle, resized by area to between the side and 9/8 of it, a crop of the side
   * anywhere in it. Never mirrored, since pictures may contain writing.
   *
   * @param side side of the result
   */
  static Augmentation transformer(int side) {
    return new Transformer(side);
  }

  /**
   * No chance at all: {@link Resizing#centre}.
   *
   * @param side side of the result
   */
  static Augmentation none(int side) {
    return new None(side);
  }

  /**
   * Listing 1.
   *
   * @param side side of the result
   */
  record Dvae(int side) implements Augmentation {
    /** Checks the side. */
    public Dvae {
      Checks.side(side);
    }

    @Override
    public Picture apply(Picture picture, RandomGenerator random) {
      Checks.fits(picture, side);
      int s = picture.shortSide();
      int top = random.nextInt(picture.height() - s + 1);
      int left = random.nextInt(picture.width() - s + 1);
      int t = random.nextInt(Math.min(s, 9 * side / 8), Math.min(s, 12 * side / 8) + 1);
      Picture square = Resizing.area(picture.crop(top, left, s, s), t, t);
      Picture cut = Checks.anywhere(square, side, random);
      return random.nextBoolean() ? cut.flipped() : cut;
    }
  }

  /**
   * Listing 2.
   *
   * @param side side of the result
   */
  record Transformer(int side) implements Augmentation {
    /** Checks the side. */
    public Transformer {
      Checks.side(side);
    }

    @Override
    public Picture apply(Picture picture, RandomGenerator random) {
      Checks.fits(picture, side);
      int s = picture.shortSide();
      int top = nearMiddle(picture.height() - s, random);
      int left = nearMiddle(picture.width() - s, random);
      int t = random.nextInt(side, Math.min(s, 9 * side / 8) + 1);
      Picture square = Resizing.area(picture.crop(top, left, s, s), t, t);
      return Checks.anywhere(square, side, random);
    }

    /** An offset in the middle quarter of the room there is. */
    private static int nearMiddle(int room, RandomGenerator random) {
      int low = 3 * room / 8;
      return random.nextInt(low, Math.max(low + 1, 5 * room / 8));
    }
  }

  /**
   * The picture as evaluation sees it.
   *
   * @param side side of the result
   */
  record None(int side) implements Augmentation {
    /** Checks the side. */
    public None {
      Checks.side(side);
    }

    @Override
    public Picture apply(Picture picture, RandomGenerator random) {
      return Resizing.centre(picture, side);
    }
  }
}
