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
import org.junit.jupiter.params.provider.MethodSource;

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
  void tooSmallOrTooThinIsSaid() {
    PictureException small = assertThrows(PictureException.class, () -> Resizing.centre(pattern(7, 30), 8));
    assertEquals("expected a picture of at least 8 pixels on its short side, got 30 x 7; leave it out or choose a smaller side",
        small.getMessage());
    assertTrue(assertThrows(PictureException.class, () -> Resizing.area(pattern(1, 5), 4, 4)).getMessage().contains("got 1"));
    assertThrows(IllegalArgumentException.class, () -> Resizing.lanczos(pattern(3, 3), 0, 4));
  }
}
