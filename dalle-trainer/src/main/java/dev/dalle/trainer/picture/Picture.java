package dev.dalle.trainer.picture;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * An immutable picture: red, green and blue of 8 bits each, row by row, {@code [height, width, 3]}, sRGB as stored. There
 * is no transparency: whoever makes a picture has already put it on white.
 */
public final class Picture {
  /** Colours a pixel. */
  public static final int CHANNELS = 3;

  private final int height;
  private final int width;
  private final byte[] rgb;

  /**
   * A picture over a copy of the bytes given.
   *
   * @param height rows, at least 1
   * @param width columns, at least 1
   * @param rgb {@code [height, width, 3]}, unsigned
   */
  public Picture(int height, int width, byte[] rgb) {
    this(rgb.clone(), height, width);
  }

  private Picture(byte[] rgb, int height, int width) {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException("picture: expected at least 1 x 1 pixels, got " + width + " x " + height);
    }
    long expected = (long) height * width * CHANNELS;
    if (rgb.length != expected) {
      throw new IllegalArgumentException(
          "rgb: expected " + expected + " bytes for " + width + " x " + height + " pixels, got " + rgb.length);
    }
    this.height = height;
    this.width = width;
    this.rgb = rgb;
  }

  /**
   * A picture over a copy of a segment's bytes, such as those of a mapped file.
   *
   * @param height rows, at least 1
   * @param width columns, at least 1
   * @param rgb {@code [height, width, 3]}, unsigned
   */
  public static Picture copyOf(int height, int width, MemorySegment rgb) {
    return owning(height, width, rgb.toArray(ValueLayout.JAVA_BYTE));
  }

  /** A picture that keeps the array itself: only for arrays just made here and given to nobody else. */
  static Picture owning(int height, int width, byte[] rgb) {
    return new Picture(rgb, height, width);
  }

  /**
   * A picture of one colour.
   *
   * @param height rows
   * @param width columns
   * @param rgb the colour as {@code 0xRRGGBB}
   */
  public static Picture filled(int height, int width, int rgb) {
    byte[] bytes = new byte[Math.multiplyExact(Math.multiplyExact(height, width), CHANNELS)];
    for (int i = 0; i < bytes.length; i += CHANNELS) {
      bytes[i] = (byte) (rgb >> 16);
      bytes[i + 1] = (byte) (rgb >> 8);
      bytes[i + 2] = (byte) rgb;
    }
    return owning(height, width, bytes);
  }

  /** Rows. */
  public int height() {
    return height;
  }

  /** Columns. */
  public int width() {
    return width;
  }

  /** The smaller of width and height. */
  public int shortSide() {
    return Math.min(height, width);
  }

  /** A copy of the bytes, {@code [height, width, 3]}, unsigned. */
  public byte[] bytes() {
    return rgb.clone();
  }

  /** The bytes themselves, for readers in this package only; they are never written. */
  byte[] raw() {
    return rgb;
  }

  /**
   * One colour of one pixel, 0 to 255.
   *
   * @param row 0 is the top
   * @param column 0 is the left
   * @param channel 0 red, 1 green, 2 blue
   */
  public int value(int row, int column, int channel) {
    if (row < 0 || row >= height || column < 0 || column >= width || channel < 0 || channel >= CHANNELS) {
      throw new IndexOutOfBoundsException("row " + row + ", column " + column + ", channel " + channel
          + " lies outside " + height + " rows, " + width + " columns, " + CHANNELS + " channels");
    }
    return rgb[(row * width + column) * CHANNELS + channel] & 0xff;
  }

  /**
   * A rectangle cut out of this picture.
   *
   * @param top first row
   * @param left first column
   * @param rows height of the cut
   * @param columns width of the cut
   */
  public Picture crop(int top, int left, int rows, int columns) {
    if (top < 0 || left < 0 || rows < 1 || columns < 1 || rows > height - top || columns > width - left) {
      throw new IllegalArgumentException("crop: " + columns + " x " + rows + " at column " + left + ", row " + top
          + " does not fit into a picture of " + width + " x " + height);
    }
    if (rows == height && columns == width) {
      return this;
    }
    byte[] cut = new byte[rows * columns * CHANNELS];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(rgb, ((top + r) * width + left) * CHANNELS, cut, r * columns * CHANNELS, columns * CHANNELS);
    }
    return owning(rows, columns, cut);
  }

  /** This picture seen in a mirror: left and right exchanged. */
  public Picture flipped() {
    byte[] mirrored = new byte[rgb.length];
    for (int r = 0; r < height; r++) {
      for (int c = 0; c < width; c++) {
        int from = (r * width + c) * CHANNELS;
        int to = (r * width + width - 1 - c) * CHANNELS;
        mirrored[to] = rgb[from];
        mirrored[to + 1] = rgb[from + 1];
        mirrored[to + 2] = rgb[from + 2];
      }
    }
    return owning(height, width, mirrored);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Picture that && height == that.height && width == that.width && Arrays.equals(rgb, that.rgb);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * height + width) + Arrays.hashCode(rgb);
  }

  @Override
  public String toString() {
    return "Picture[" + width + " x " + height + "]";
  }
}
