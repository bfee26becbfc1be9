package dev.dalle.trainer.picture;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How a camera was held, from the EXIF block of a JPEG file, and how to turn the picture upright. Numbers as in EXIF, 1 to 8. */
record ExifOrientation(int number) {
  private static final int TAG = 0x0112;
  private static final ExifOrientation UPRIGHT = new ExifOrientation(1);

  /** The orientation that the file names; upright if it names none or the block is damaged, as viewers do. */
  static ExifOrientation of(byte[] jpeg) {
    try {
      ByteBuffer in = ByteBuffer.wrap(jpeg);
      in.position(2);
      while (in.remaining() >= 4) {
        int marker = in.getShort() & 0xffff;
        int length = in.getShort() & 0xffff;
        if (marker == 0xffda || length < 2 || (marker & 0xff00) != 0xff00) {
          return UPRIGHT;
        }
        if (marker == 0xffe1 && length >= 16 && in.getInt(in.position()) == 0x45786966) {
          return fromTiff(in.slice(in.position() + 6, length - 8));
        }
        in.position(in.position() + length - 2);
      }
      return UPRIGHT;
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return UPRIGHT;
    }
  }

  private static ExifOrientation fromTiff(ByteBuffer tiff) {
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = tiff.getInt(4);
    int entries = tiff.getShort(directory) & 0xffff;
    for (int e = 0; e < entries; e++) {
      int at = directory + 2 + 12 * e;
      if ((tiff.getShort(at) & 0xffff) == TAG) {
        int number = tiff.getShort(at + 8) & 0xffff;
        return number >= 1 && number <= 8 ? new ExifOrientation(number) : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  /** The picture as the photographer saw it. */
  Picture upright(Picture picture) {
    if (number == 1) {
      return picture;
    }
    int height = picture.height();
    int width = picture.width();
    boolean sideways = number >= 5;
    int rows = sideways ? width : height;
    int columns = sideways ? height : width;
    byte[] from = picture.raw();
    byte[] to = new byte[from.length];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        int row = switch (number) {
          case 2 -> r;
          case 3, 4 -> height - 1 - r;
          case 5, 8 -> c;
          default -> height - 1 - c;
        };
        int column = switch (number) {
          case 2, 3 -> width - 1 - c;
          case 4 -> c;
          case 5, 6 -> r;
          default -> width - 1 - r;
        };
        System.arraycopy(from, (row * width + column) * Picture.CHANNELS, to, (r * columns + c) * Picture.CHANNELS,
            Picture.CHANNELS);
      }
    }
    return Picture.owning(rows, columns, to);
  }
}
