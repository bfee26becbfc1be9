package dev.dalle.trainer.experiment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.trainer.picture.Picture;
import org.junit.jupiter.api.Test;

class PaletteTokensTest {
  @Test
  void eachCellIsTheNearestColourOfThePalette() {
    assertArrayEquals(new int[] {0, 0, 0, 0}, PaletteTokens.of(Picture.filled(4, 4, 0x000000), 2, 6));
    assertArrayEquals(new int[] {215, 215, 215, 215}, PaletteTokens.of(Picture.filled(4, 4, 0xffffff), 2, 6));
    // 255 / 5 = 51 a level: 0x33 is level 1, 0x19 = 25 still level 0 and 0x1a = 26 level 1.
    assertEquals(1 * 36 + 0 * 6 + 1, PaletteTokens.of(Picture.filled(2, 2, 0x33191a), 1, 6)[0]);
    assertEquals(216, PaletteTokens.vocabulary(6));
  }

  @Test
  void cellsAreMeansInRasterOrder() {
    // Two cells above two others, of 2 x 2 pixels each: black, white but for one pixel, white, black.
    byte[] rgb = new byte[4 * 4 * 3];
    for (int pixel : new int[] {2, 3, 6, 8, 9, 12, 13}) {
      rgb[3 * pixel] = rgb[3 * pixel + 1] = rgb[3 * pixel + 2] = (byte) 255;
    }
    // Three quarters of five levels are 3.75, nearest to the fourth.
    assertArrayEquals(new int[] {0, 4 * 43, 215, 0}, PaletteTokens.of(new Picture(4, 4, rgb), 2, 6));
    assertThrows(IllegalArgumentException.class, () -> PaletteTokens.of(new Picture(4, 4, rgb), 3, 6));
  }
}
