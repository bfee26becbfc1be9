package dev.dalle.trainer.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class AugmentationTest {
  /** Gives every draw its smallest or largest possible value and notes the ranges asked for. */
  private static final class Extreme implements RandomGenerator {
    private final boolean high;
    private final List<String> ranges = new ArrayList<>();

    Extreme(boolean high) {
      this.high = high;
    }

    @Override
    public long nextLong() {
      throw new AssertionError("only whole ranges are drawn from");
    }

    @Override
    public int nextInt(int bound) {
      return nextInt(0, bound);
    }

    @Override
    public int nextInt(int origin, int bound) {
      ranges.add(origin + ".." + (bound - 1));
      return high ? bound - 1 : origin;
    }

    @Override
    public boolean nextBoolean() {
      ranges.add("flip");
      return high;
    }
  }

  private static List<String> ranges(Augmentation augmentation, int height, int width, boolean high) {
    Extreme random = new Extreme(high);
    Picture out = augmentation.apply(ResizingTest.pattern(height, width), random);
    assertEquals(augmentation.side(), out.height());
    assertEquals(augmentation.side(), out.width());
    return random.ranges;
  }

  @Test
  void listingOneAtThePapersSize() {
    // s = 500: crop anywhere in 600 x 500, t in [288, 384], crop of 256 anywhere, flip.
    assertEquals(List.of("0..100", "0..0", "288..384", "0..128", "0..128", "flip"), ranges(Augmentation.dvae(256), 600, 500, true));
    // s = 300 lies between 288 and 384, s = 260 below both.
    assertEquals("288..300", ranges(Augmentation.dvae(256), 300, 300, true).get(2));
    assertEquals("260..260", ranges(Augmentation.dvae(256), 260, 270, false).get(2));
  }

  @Test
  void listingTwoAtThePapersSize() {
    // h - s = 100: row offset from 37 up to but not 62; width: no room, so offset 0. t in [256, 288]; no flip.
    assertEquals(List.of("37..61", "0..0", "256..288", "0..32", "0..32"), ranges(Augmentation.transformer(256), 600, 500, true));
    assertEquals("256..270", ranges(Augmentation.transformer(256), 270, 900, false).get(2));
  }

  @Test
  void numbersScaleWithTheSide() {
    assertEquals("72..96", ranges(Augmentation.dvae(64), 200, 200, true).get(2));
    assertEquals("64..72", ranges(Augmentation.transformer(64), 200, 200, true).get(2));
    assertEquals("14..19", ranges(Augmentation.dvae(13), 200, 200, true).get(2));
  }

  @Test
  void lowestAndHighestDrawsAreKnownPictures() {
    Picture picture = ResizingTest.pattern(64, 64);
    assertEquals(picture, Augmentation.transformer(64).apply(picture, new Extreme(false)));
    assertEquals(picture.flipped(), Augmentation.dvae(64).apply(picture, new Extreme(true)));
    assertEquals(picture, Augmentation.none(64).apply(picture, new Extreme(true)));
  }

  @Test
  void sameChanceSamePicture() {
    Picture picture = ResizingTest.pattern(101, 87);
    for (Augmentation augmentation : List.of(Augmentation.dvae(33), Augmentation.transformer(33))) {
      assertEquals(augmentation.apply(picture, new Random(5)), augmentation.apply(picture, new Random(5)));
      Set<Picture> seen = new HashSet<>();
      Random random = new Random(5);
      for (int i = 0; i < 20; i++) {
        seen.add(augmentation.apply(picture, random));
      }
      assertTrue(seen.size() > 15, "only " + seen.size() + " different pictures in 20 draws");
    }
  }

  @Test
  void theTransformersPicturesAreNeverMirrored() {
    // Dark left, bright right: a mirrored one would be brighter on the left.
    byte[] rgb = new byte[40 * 40 * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 40 * 6);
    }
    Picture ramp = new Picture(40, 40, rgb);
    Random random = new Random(1);
    boolean mirrored = false;
    for (int i = 0; i < 50; i++) {
      Picture out = Augmentation.transformer(32).apply(ramp, random);
      assertTrue(out.value(0, 0, 0) < out.value(0, 31, 0));
      Picture first = Augmentation.dvae(32).apply(ramp, random);
      mirrored |= first.value(0, 0, 0) > first.value(0, 31, 0);
    }
    assertTrue(mirrored, "stage one mirrors half of them");
  }

  @Test
  void tooSmallIsSaid() {
    for (Augmentation augmentation : List.of(Augmentation.dvae(9), Augmentation.transformer(9), Augmentation.none(9))) {
      String message = assertThrows(PictureException.class,
          () -> augmentation.apply(ResizingTest.pattern(8, 20), new Random(1))).getMessage();
      assertTrue(message.contains("at least 9 pixels on its short side, got 20 x 8"), message);
    }
    assertThrows(IllegalArgumentException.class, () -> Augmentation.dvae(1));
  }
}
