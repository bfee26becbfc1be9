package dev.dalle.trainer.picture;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** How a camera was held, from the EXIF block of a JPEG, PNG or WebP file, and how to turn the picture upright. Numbers as in EXIF, 1 to 8. */
record ExifOrientation(int number) {
  private static final int TAG = 0x0112;
  private static final int LONG = 4;
  private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};
  private static final ExifOrientation UPRIGHT = new ExifOrientation(1);

  /** The orientation that the file names; upright if it names none or the block is damaged, as viewers do. */
  static ExifOrientation of(PictureFormat format, byte[] file) {
    try {
      ByteBuffer block = switch (format) {
        case JPEG -> inJpeg(ByteBuffer.wrap(file));
        case PNG -> PngLayout.chunk(file, "eXIf").orElse(null);
        case WEBP -> WebpLayout.of(file).first("EXIF", 1).map(c -> ByteBuffer.wrap(file, c.at(), c.length()).slice()).orElse(null);
        case GIF -> null;
      };
      return block == null ? UPRIGHT : fromTiff(withoutName(block));
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      return UPRIGHT;
    }
  }

  private static ByteBuffer inJpeg(ByteBuffer in) {
    in.position(2);
    while (in.remaining() >= 4) {
      int marker = in.getShort() & 0xffff;
      if (marker == 0xffff) {
        // Any number of fill bytes may stand before a marker.
        in.position(in.position() - 1);
        continue;
      }
      int length = in.getShort() & 0xffff;
      if (marker == 0xffda || length < 2 || (marker & 0xff00) != 0xff00) {
        return null;
      }
      ByteBuffer block = in.slice(in.position(), length - 2);
      if (marker == 0xffe1 && named(block)) {
        return block;
      }
      in.position(in.position() + length - 2);
    }
    return null;
  }

  private static boolean named(ByteBuffer block) {
    return block.remaining() >= EXIF.length && block.slice(0, EXIF.length).equals(ByteBuffer.wrap(EXIF));
  }

  /** JPEG puts a name before the block, PNG and WebP do not, but some writers do it there too. */
  private static ByteBuffer withoutName(ByteBuffer block) {
    return named(block) ? block.slice(EXIF.length, block.remaining() - EXIF.length) : block;
  }

  private static ExifOrientation fromTiff(ByteBuffer tiff) {
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = tiff.getInt(4);
    int entries = tiff.getShort(directory) & 0xffff;
    for (int e = 0; e < entries; e++) {
      int at = directory + 2 + 12 * e;
      if ((tiff.getShort(at) & 0xffff) == TAG) {
        int number = tiff.getShort(at + 2) == LONG ? tiff.getInt(at + 8) : tiff.getShort(at + 8) & 0xffff;
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
