package dev.dalle.trainer.experiment;

import dev.dalle.trainer.picture.Picture;

/**
 * Image tokens without a dVAE, for experiments on the transformer alone: each cell of a grid becomes the nearest colour, to its mean, of a palette with equally
 * spaced levels of red, green and blue.
 */
final class PaletteTokens {
  private PaletteTokens() {}

  /** Number of colours. */
  static int vocabulary(int levels) {
    return levels * levels * levels;
  }

  /**
   * The tokens of a picture in raster order.
   *
   * @param grid cells a side; the picture's sides are multiples of it
   * @param levels of each of red, green and blue, at least 2
   */
  static int[] of(Picture picture, int grid, int levels) {
    if (picture.height() % grid != 0 || picture.width() % grid != 0) {
      throw new IllegalArgumentException("picture: expected sides that are multiples of " + grid + ", got " + picture.height() + " x " + picture.width());
    }
    int rows = picture.height() / grid;
    int columns = picture.width() / grid;
    int[] tokens = new int[grid * grid];
    for (int cell = 0; cell < tokens.length; cell++) {
      int token = 0;
      for (int channel = 0; channel < Picture.CHANNELS; channel++) {
        long sum = 0;
        for (int y = 0; y < rows; y++) {
          for (int x = 0; x < columns; x++) {
            sum += picture.value(cell / grid * rows + y, cell % grid * columns + x, channel);
          }
        }
        token = token * levels + (int) Math.round(sum * (levels - 1) / (255.0 * rows * columns));
      }
      tokens[cell] = token;
    }
    return tokens;
  }
}
