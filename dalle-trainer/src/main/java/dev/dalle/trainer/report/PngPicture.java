package dev.dalle.trainer.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** A picture as the bytes of a PNG file. Immutable. */
public final class PngPicture {

  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

  /** Signature, then length (4), type (4), width (4) and height (4) of the first chunk. */
  private static final int HEADER_BYTES = 24;

  private final byte[] png;
  private final int width;
  private final int height;

  private PngPicture(byte[] png) {
    if (png.length < HEADER_BYTES || !Arrays.equals(png, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length)) {
      throw new IllegalArgumentException("png: expected the bytes of a PNG file, got " + png.length + " bytes that are none");
    }
    this.png = png;
    ByteBuffer header = ByteBuffer.wrap(png);
    this.width = header.getInt(16);
    this.height = header.getInt(20);
  }

  /**
   * Takes a PNG file as it is.
   *
   * @param png its bytes, copied
   * @throws IllegalArgumentException if they do not begin like a PNG file
   */
  public static PngPicture ofPng(byte[] png) {
    return new PngPicture(png.clone());
  }

  /**
   * Makes a PNG file of pixels.
   *
   * @param width in pixels, at least 1
   * @param height in pixels, at least 1
   * @param rgb row by row, three bytes a pixel, red, green, blue, 0 to 255
   * @throws IllegalArgumentException if there are not as many bytes as pixels need
   */
  public static PngPicture ofRgb(int width, int height, byte[] rgb) {
    if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
      throw new IllegalArgumentException("rgb: expected 3 x " + width + " x " + height + " bytes, got " + rgb.length);
    }
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      int pixel = (rgb[3 * i] & 0xff) << 16 | (rgb[3 * i + 1] & 0xff) << 8 | rgb[3 * i + 2] & 0xff;
      image.setRGB(i % width, i / width, pixel);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // An explicit stream in memory: by default Image I/O makes a temporary file for every picture.
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      if (!ImageIO.write(image, "png", out)) {
        throw new IllegalStateException("this JDK has no PNG writer");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new PngPicture(bytes.toByteArray());
  }

  /** In pixels. */
  public int width() {
    return width;
  }

  /** In pixels. */
  public int height() {
    return height;
  }

  /** A copy of the file's bytes. */
  public byte[] png() {
    return png.clone();
  }

  /** The file as an address that a browser shows without looking anywhere else. */
  String dataUri() {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PngPicture p && Arrays.equals(png, p.png);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(png);
  }

  @Override
  public String toString() {
    return "PngPicture[" + width + " x " + height + ", " + png.length + " bytes]";
  }
}
