package dev.dalle.trainer.picture;

import java.util.Arrays;
import java.util.List;

/** Many pictures on one: a grid to look at. */
public final class ContactSheet {
  private ContactSheet() {}

  /**
   * The pictures row by row, white between them, the last row filled up with white.
   *
   * @param pictures at least one, all of one size
   * @param columns pictures a row, at least 1
   * @param gap white pixels between two pictures and around all, 0 or more
   */
  public static Picture of(List<Picture> pictures, int columns, int gap) {
    if (pictures.isEmpty() || columns < 1 || gap < 0) {
      throw new IllegalArgumentException("sheet: expected pictures, at least 1 column and a gap of 0 or more, got "
          + pictures.size() + " pictures, " + columns + " columns, gap " + gap);
    }
    int height = pictures.getFirst().height();
    int width = pictures.getFirst().width();
    int rows = Math.ceilDiv(pictures.size(), columns);
    int sheetHeight = Math.addExact(gap, Math.multiplyExact(rows, height + gap));
    int sheetWidth = Math.addExact(gap, Math.multiplyExact(columns, width + gap));
    byte[] sheet = new byte[Math.multiplyExact(Math.multiplyExact(sheetHeight, sheetWidth), Picture.CHANNELS)];
    Arrays.fill(sheet, (byte) 255);
    for (int n = 0; n < pictures.size(); n++) {
      Picture picture = pictures.get(n);
      if (picture.height() != height || picture.width() != width) {
        throw new IllegalArgumentException("pictures[" + n + "]: expected " + width + " x " + height + " like the first, got "
            + picture.width() + " x " + picture.height());
      }
      int top = gap + n / columns * (height + gap);
      int left = gap + n % columns * (width + gap);
      for (int r = 0; r < height; r++) {
        System.arraycopy(picture.raw(), r * width * Picture.CHANNELS, sheet,
            ((top + r) * sheetWidth + left) * Picture.CHANNELS, width * Picture.CHANNELS);
      }
    }
    return Picture.owning(sheetHeight, sheetWidth, sheet);
  }
}
