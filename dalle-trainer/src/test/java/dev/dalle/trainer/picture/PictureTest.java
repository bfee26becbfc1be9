package dev.dalle.trainer.picture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class PictureTest {
  @Test
  void keepsItsOwnBytes() {
    byte[] rgb = {1, 2, 3, 4, 5, (byte) 250};
    Picture picture = new Picture(1, 2, rgb);
    rgb[0] = 9;
    picture.bytes()[1] = 9;
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5, (byte) 250}, picture.bytes());
    assertEquals(250, picture.value(0, 1, 2));
    assertThrows(IndexOutOfBoundsException.class, () -> picture.value(0, 2, 0));
  }

  @Test
  void sizesMustFit() {
    assertEquals("rgb: expected 12 bytes for 2 x 2 pixels, got 11",
        assertThrows(IllegalArgumentException.class, () -> new Picture(2, 2, new byte[11])).getMessage());
    assertThrows(IllegalArgumentException.class, () -> new Picture(0, 2, new byte[0]));
  }

  @Test
  void cropsAndFlips() {
    Picture picture = ResizingTest.pattern(5, 7);
    Picture cut = picture.crop(1, 2, 3, 4);
    assertEquals(picture.value(3, 5, 1), cut.value(2, 3, 1));
    assertEquals(picture.value(4, 6, 2), picture.flipped().value(4, 0, 2));
    assertEquals(picture, picture.flipped().flipped());
    assertNotEquals(picture, picture.flipped());
    assertEquals("crop: 4 x 3 at column 4, row 1 does not fit into a picture of 7 x 5",
        assertThrows(IllegalArgumentException.class, () -> picture.crop(1, 4, 3, 4)).getMessage());
  }

  @Test
  void floatsAndBack() {
    List<Picture> pictures = List.of(ResizingTest.pattern(5, 3), ResizingTest.pattern(5, 3).flipped());
    float[] values = PictureFloats.of(pictures);
    assertEquals(2 * 5 * 3 * 3, values.length);
    assertEquals(pictures.get(1).value(4, 2, 1) / 255f, values[45 + (4 * 3 + 2) * 3 + 1]);
    assertEquals(pictures, PictureFloats.pictures(values, 2, 5, 3));
    Picture clipped = PictureFloats.pictures(new float[] {-3, 7, Float.NaN}, 1, 1, 1).getFirst();
    assertArrayEquals(new byte[] {0, (byte) 255, 0}, clipped.bytes());
    assertTrue(assertThrows(IllegalArgumentException.class,
        () -> PictureFloats.of(List.of(ResizingTest.pattern(5, 3), ResizingTest.pattern(3, 5)))).getMessage()
        .contains("pictures[1]: expected 3 x 5 like the first, got 5 x 3"));
    assertThrows(IllegalArgumentException.class, () -> PictureFloats.pictures(new float[8], 1, 1, 3));
  }

  @Test
  void sheetPutsPicturesInAGrid() {
    Picture red = Picture.filled(2, 3, 0xff0000);
    Picture sheet = ContactSheet.of(List.of(red, red, red), 2, 1);
    assertEquals(1 + 2 * 3, sheet.height());
    assertEquals(1 + 2 * 4, sheet.width());
    assertEquals(0, sheet.value(1, 1, 1));
    assertEquals(255, sheet.value(0, 0, 1));
    assertEquals(0, sheet.value(4, 1, 2));
    assertEquals(255, sheet.value(4, 5, 2));
  }

  @Test
  void sheetHasRoomForTheLargestOfEachRowAndColumn() {
    Picture sheet = ContactSheet.of(List.of(Picture.filled(2, 3, 0), Picture.filled(1, 1, 0), Picture.filled(1, 2, 0), Picture.filled(3, 4, 0)), 2, 1);
    assertEquals(1 + 2 + 1 + 3 + 1, sheet.height());
    assertEquals(1 + 3 + 1 + 4 + 1, sheet.width());
    String[] expected = {
      "..........",
      ".###.#....",
      ".###......",
      "..........",
      ".##..####.",
      ".....####.",
      ".....####.",
      ".........."};
    for (int row = 0; row < expected.length; row++) {
      for (int column = 0; column < expected[row].length(); column++) {
        assertEquals(expected[row].charAt(column) == '#' ? 0 : 255, sheet.value(row, column, 1), "row " + row + ", column " + column);
      }
    }
    assertEquals(1 + 3 * 4, ContactSheet.of(List.of(Picture.filled(2, 3, 0)), 3, 1).width());
  }
}
