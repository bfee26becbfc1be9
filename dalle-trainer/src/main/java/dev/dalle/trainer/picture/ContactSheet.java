package dev.dalle.trainer.picture;

import java.util.Arrays;
import java.util.List;

/** Many pictures on one: a grid to look at. */
public final class ContactSheet {
  private ContactSheet() {}

  /**
   * The pictures row by row, white between them, the last row filled up with white. A row is as high as its highest picture, a column as wide as its
   * widest; smaller ones lie at the upper left of their place.
   *
   * @param pictures at least one
   * @param columns pictures a row, at least 1
   * @param gap white pixels between two pictures and around all, 0 or more
   */
  public static Picture of(List<Picture> pictures, int columns, int gap) {
    if (pictures.isEmpty() || columns < 1 || gap < 0) {
      throw new IllegalArgumentException("sheet: expected pictures, at least 1 column and a gap of 0 or more, got "
          + pictures.size() + " pictures, " + columns + " columns, gap " + gap);
    }
    int[] heights = new int[Math.ceilDiv(pictures.size(), columns)];
    int[] widths = new int[columns];
    for (int n = 0; n < pictures.size(); n++) {
      heights[n / columns] = Math.max(heights[n / columns], pictures.get(n).height());
      widths[n % columns] = Math.max(widths[n % columns], pictures.get(n).width());
    }
    // Columns that no picture reaches are as wide as the last that one does.
    Arrays.fill(widths, Math.min(columns, pictures.size()), columns, widths[Math.min(columns, pictures.size()) - 1]);
    int[] tops = begins(heights, gap);
    int[] lefts = begins(widths, gap);
    int sheetHeight = tops[heights.length];
    int sheetWidth = lefts[columns];
    byte[] sheet = new byte[Math.multiplyExact(Math.multiplyExact(sheetHeight, sheetWidth), Picture.CHANNELS)];
    Arrays.fill(sheet, (byte) 255);
    for (int n = 0; n < pictures.size(); n++) {
      Picture picture = pictures.get(n);
      int width = picture.width();
      for (int r = 0; r < picture.height(); r++) {
        System.arraycopy(picture.raw(), r * width * Picture.CHANNELS, sheet,
            ((tops[n / columns] + r) * sheetWidth + lefts[n % columns]) * Picture.CHANNELS, width * Picture.CHANNELS);
      }
    }
    return Picture.owning(sheetHeight, sheetWidth, sheet);
  }

  /** Where each place begins, and where one more would. */
  private static int[] begins(int[] sizes, int gap) {
    int[] begins = new int[sizes.length + 1];
    begins[0] = gap;
    for (int i = 0; i < sizes.length; i++) {
      begins[i + 1] = Math.addExact(begins[i], Math.addExact(sizes[i], gap));
    }
    return begins;
  }
}
