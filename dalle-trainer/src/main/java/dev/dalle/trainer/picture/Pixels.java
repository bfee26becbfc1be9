package dev.dalle.trainer.picture;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;

/** Between Java's images and ours. */
final class Pixels {
  private Pixels() {}

  /**
   * A picture from an image, transparent parts put on white, 16-bit samples cut to their upper 8 bits. Samples are taken as they are: colour spaces are not
   * converted.
   *
   * @param image any kind of image
   */
  static Picture onWhite(BufferedImage image) {
    ColorModel model = image.getColorModel();
    if (model instanceof ComponentColorModel && plain(model)) {
      return fromSamples(image);
    }
    int height = image.getHeight();
    int width = image.getWidth();
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(height, width), Picture.CHANNELS)];
    int[] line = new int[width];
    int at = 0;
    for (int r = 0; r < height; r++) {
      image.getRGB(0, r, width, 1, line, 0, width);
      for (int argb : line) {
        int alpha = argb >>> 24;
        rgb[at++] = over(argb >> 16 & 0xff, alpha);
        rgb[at++] = over(argb >> 8 & 0xff, alpha);
        rgb[at++] = over(argb & 0xff, alpha);
      }
    }
    return Picture.owning(height, width, rgb);
  }

  /**
   * An image of a picture, for drawing on or for encoding.
   *
   * @param picture any
   * @return {@link BufferedImage#TYPE_INT_RGB}, a copy
   */
  static BufferedImage toImage(Picture picture) {
    int height = picture.height();
    int width = picture.width();
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    byte[] raw = picture.raw();
    int[] line = new int[width];
    int at = 0;
    for (int r = 0; r < height; r++) {
      for (int c = 0; c < width; c++) {
        line[c] = (raw[at] & 0xff) << 16 | (raw[at + 1] & 0xff) << 8 | raw[at + 2] & 0xff;
        at += Picture.CHANNELS;
      }
      image.setRGB(0, r, width, 1, line, 0, width);
    }
    return image;
  }

  /** Grey, RGB or CMYK, straight alpha, 8 or 16 bits: the samples are the colours. */
  private static boolean plain(ColorModel model) {
    int type = model.getTransferType();
    boolean bits = type == DataBuffer.TYPE_BYTE && model.getComponentSize(0) == 8
        || type == DataBuffer.TYPE_USHORT && model.getComponentSize(0) == 16;
    // Java takes plain grey for linear light and would brighten it; files mean the value as it stands.
    return bits && !model.isAlphaPremultiplied() && switch (model.getColorSpace().getType()) {
      case ColorSpace.TYPE_GRAY, ColorSpace.TYPE_RGB -> true;
      case ColorSpace.TYPE_CMYK -> !model.hasAlpha();
      default -> false;
    };
  }

  private static Picture fromSamples(BufferedImage image) {
    Raster raster = image.getRaster();
    int height = image.getHeight();
    int width = image.getWidth();
    int bands = raster.getNumBands();
    boolean grey = image.getColorModel().getNumColorComponents() == 1;
    boolean inks = image.getColorModel().getNumColorComponents() == 4;
    boolean transparent = image.getColorModel().hasAlpha();
    int shift = image.getColorModel().getComponentSize(0) - 8;
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(height, width), Picture.CHANNELS)];
    int[] line = new int[width * bands];
    int at = 0;
    for (int r = 0; r < height; r++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + r, width, 1, line);
      for (int c = 0; c < line.length; c += bands) {
        int alpha = transparent ? line[c + bands - 1] >> shift : 255;
        for (int channel = 0; channel < Picture.CHANNELS; channel++) {
          int value = line[c + (grey ? 0 : channel)] >> shift;
          rgb[at++] = inks ? under(value, line[c + 3] >> shift) : over(value, alpha);
        }
      }
    }
    return Picture.owning(height, width, rgb);
  }

  /** The colour that a layer of ink leaves of white, under one of black. */
  private static byte under(int ink, int black) {
    return (byte) (((255 - ink) * (255 - black) + 127) / 255);
  }

  private static byte over(int value, int alpha) {
    return (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}
