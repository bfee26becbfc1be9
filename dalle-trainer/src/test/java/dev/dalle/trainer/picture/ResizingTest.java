package dev.dalle.trainer.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The oracle values come from TensorFlow and Pillow; resize_oracle.py beside them made them. */
class ResizingTest {
  record Case(String method, int height, int width, int rows, int columns, int[] expected) {
    @Override
    public String toString() {
      return method + " " + height + " x " + width + " to " + rows + " x " + columns;
    }
  }

  static Stream<Case> oracle() throws IOException {
    try (InputStream in = ResizingTest.class.getResourceAsStream("resize-oracle.txt")) {
      List<Case> cases = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().filter(l -> !l.startsWith("#"))
          .map(ResizingTest::parse).toList();
      assertEquals(12, cases.size());
      return cases.stream();
    }
  }

  private static Case parse(String line) {
    String[] words = line.split(" ");
    int[] numbers = Stream.of(words).skip(1).mapToInt(Integer::parseInt).toArray();
    int[] values = java.util.Arrays.copyOfRange(numbers, 4, numbers.length);
    return new Case(words[0], numbers[0], numbers[1], numbers[2], numbers[3], values);
  }

  /** The same picture as in resize_oracle.py. */
  static Picture pattern(int height, int width) {
    byte[] rgb = new byte[height * width * 3];
    for (int r = 0; r < height; r++) {
      for (int c = 0; c < width; c++) {
        for (int k = 0; k < 3; k++) {
          rgb[(r * width + c) * 3 + k] = (byte) (r * 37 + c * 101 + k * 59 + r * c * 7 + r * r / 3);
        }
      }
    }
    return new Picture(height, width, rgb);
  }

  @ParameterizedTest
  @MethodSource("oracle")
  void agreesWithTheOriginal(Case wanted) {
    Picture before = pattern(wanted.height, wanted.width);
    boolean area = wanted.method.equals("area");
    Picture after = area ? Resizing.area(before, wanted.rows, wanted.columns) : Resizing.lanczos(before, wanted.rows, wanted.columns);
    assertEquals(wanted.rows, after.height());
    assertEquals(wanted.columns, after.width());
    assertEquals(wanted.expected.length, after.bytes().length);
    // Area sums are 32-bit in both, added in another order: a half may round the other way. Lanczos is fixed point: exact.
    int allowed = area ? 1 : 0;
    int different = 0;
    for (int i = 0; i < wanted.expected.length; i++) {
      int got = after.bytes()[i] & 0xff;
      assertTrue(Math.abs(got - wanted.expected[i]) <= allowed, "value " + i + ": expected " + wanted.expected[i] + ", got " + got);
      different += got == wanted.expected[i] ? 0 : 1;
    }
    assertTrue(different <= wanted.expected.length / 100, different + " of " + wanted.expected.length + " values differ");
  }

  /** What lies over one new pixel, by its definition: the picture goes on beyond its edge with the edge's colour. */
  private static double mean(Picture picture, int channel, double top, double bottom, double left, double right) {
    double sum = 0;
    for (int r = (int) Math.floor(top); r < bottom; r++) {
      for (int c = (int) Math.floor(left); c < right; c++) {
        double covered = (Math.min(bottom, r + 1) - Math.max(top, r)) * (Math.min(right, c + 1) - Math.max(left, c));
        sum += covered * picture.value(Math.min(r, picture.height() - 1), Math.min(c, picture.width() - 1), channel);
      }
    }
    return sum / ((bottom - top) * (right - left));
  }

  /** Sizes of Listings 1 and 2 and others, larger and smaller. */
  @ParameterizedTest
  @CsvSource({"300, 300, 288, 288", "500, 500, 384, 384", "257, 257, 257, 256", "320, 320, 256, 256", "13, 207, 7, 100", "2, 2, 9, 5", "31, 17, 64, 33",
      "64, 64, 1, 1", "90, 91, 2, 3"})
  void areaIsTheMeanOfWhatLiesUnderAPixel(int height, int width, int rows, int columns) {
    Picture before = pattern(height, width);
    Picture after = Resizing.area(before, rows, columns);
    // With aligned corners the first and the last pixels of both pictures coincide, if there is more than one.
    double down = rows == 1 ? height : (height - 1) / (rows - 1.0);
    double across = columns == 1 ? width : (width - 1) / (columns - 1.0);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        for (int k = 0; k < Picture.CHANNELS; k++) {
          double wanted = mean(before, k, r * down, (r + 1) * down, c * across, (c + 1) * across);
          // Half a level by rounding to bytes; edges of rectangles at 500, in 32 bits, are off by 3e-5 pixels, twice, of 255 levels each.
          assertEquals(wanted, after.value(r, c, k), 0.53, "row " + r + ", column " + c + ", channel " + k);
        }
      }
    }
  }

  /** By the file names: the usage notebook's own steps made the picture after "to" of the one before it, with Pillow 11.3. */
  @ParameterizedTest
  @ValueSource(strings = {"97x131-to-64", "97x131-to-33", "66x131-to-33", "66x131-to-66", "133x66-to-33", "66x135-to-33", "64x65-to-64", "64x65-to-63",
      "40x300-to-40", "40x300-to-39", "40x300-to-7", "301x41-to-32"})
  void centreIsThatOfTheUsageNotebook(String name) throws IOException {
    Picture before = stored(name.substring(0, name.indexOf('-')));
    assertEquals(before.height() + "x" + before.width(), name.substring(0, name.indexOf('-')));
    assertEquals(stored(name), Resizing.centre(before, Integer.parseInt(name.substring(name.lastIndexOf('-') + 1))));
  }

  private static Picture stored(String name) throws IOException {
    try (InputStream in = ResizingTest.class.getResourceAsStream("centre/" + name + ".png")) {
      return PictureFiles.read(in.readAllBytes(), name);
    }
  }

  @Test
  void sameSizeIsTheSamePicture() {
    Picture picture = pattern(13, 7);
    assertSame(picture, Resizing.area(picture, 13, 7));
    assertSame(picture, Resizing.lanczos(picture, 13, 7));
  }

  @Test
  void flatColourStaysFlat() {
    Picture flat = Picture.filled(31, 17, 0x13c0fe);
    assertEquals(Picture.filled(9, 8, 0x13c0fe), Resizing.area(flat, 9, 8));
    assertEquals(Picture.filled(40, 41, 0x13c0fe), Resizing.lanczos(flat, 40, 41));
  }

  @Test
  void centreTakesTheMiddleOfTheLongSide() {
    byte[] rgb = new byte[4 * 10 * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % 10);
    }
    Picture cut = Resizing.centre(new Picture(4, 10, rgb), 4);
    assertEquals(3, cut.value(0, 0, 0));
    assertEquals(6, cut.value(3, 3, 2));
    Picture half = Resizing.centre(pattern(31, 64), 13);
    assertEquals(13, half.height());
    assertEquals(13, half.width());
  }

  @Test
  void cutToMultiplesTakesAsMuchAsItCan() {
    Picture picture = pattern(21, 30);
    assertEquals(picture.crop(2, 3, 16, 24), Resizing.cutToMultiples(picture, 8));
    assertEquals(picture.crop(0, 1, 21, 28), Resizing.cutToMultiples(picture, 7));
    assertSame(picture, Resizing.cutToMultiples(picture, 1));
    assertSame(picture, Resizing.cutToMultiples(picture, 3));
    assertEquals("expected a picture of at least 22 pixels on its short side, got 30 x 21; leave it out or enlarge it",
        assertThrows(PictureException.class, () -> Resizing.cutToMultiples(picture, 22)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> Resizing.cutToMultiples(picture, 0));
  }

  @Test
  void tooSmallOrTooThinIsSaid() {
    PictureException small = assertThrows(PictureException.class, () -> Resizing.centre(pattern(7, 30), 8));
    assertEquals("expected a picture of at least 8 pixels on its short side, got 30 x 7; leave it out or choose a smaller side",
        small.getMessage());
    assertTrue(assertThrows(PictureException.class, () -> Resizing.area(pattern(1, 5), 4, 4)).getMessage().contains("got 1"));
    assertThrows(IllegalArgumentException.class, () -> Resizing.lanczos(pattern(3, 3), 0, 4));
  }
}
