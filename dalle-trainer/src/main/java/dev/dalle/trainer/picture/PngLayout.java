package dev.dalle.trainer.picture;

import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.nio.ByteBuffer;
import java.util.Optional;

/** What is in the chunks of a PNG file, as far as its decoder does not say. */
final class PngLayout {
  private static final int HEADER = 33;
  private static final int GREY = 0;

  private PngLayout() {}

  /**
   * The data of the first chunk of a name.
   *
   * @param name four letters
   * @throws IndexOutOfBoundsException or {@link IllegalArgumentException} if the file is cut off or damaged before it
   */
  static Optional<ByteBuffer> chunk(byte[] file, String name) {
    ByteBuffer in = ByteBuffer.wrap(file);
    int at = 8;
    while (at + 8 <= file.length) {
      int length = in.getInt(at);
      boolean found = true;
      for (int i = 0; i < 4; i++) {
        found &= file[at + 4 + i] == name.charAt(i);
      }
      if (found) {
        return Optional.of(in.slice(at + 8, length));
      }
      if (length < 0 || length > file.length) {
        throw new IndexOutOfBoundsException("a chunk of " + length + " bytes");
      }
      at += 12 + length;
    }
    return Optional.empty();
  }

  /**
   * Makes the grey transparent that a file hides. The decoder does it, but in pixels of 2 and 4 bits looks for the number in the file among the values of 8
   * bits that it made of them.
   *
   * @param image of the decoder, changed
   */
  static void hide(BufferedImage image, byte[] file) {
    int depth = file.length < HEADER ? 0 : file[24];
    if (file.length < HEADER || file[25] != GREY || depth != 2 && depth != 4 || !image.getColorModel().hasAlpha()) {
      return;
    }
    WritableRaster raster = image.getRaster();
    Optional<ByteBuffer> hidden = chunk(file, "tRNS").filter(data -> data.remaining() >= 2 && raster.getNumBands() == 2);
    if (hidden.isEmpty()) {
      return;
    }
    int value = hidden.get().getShort(0) * 255 / ((1 << depth) - 1);
    for (int r = 0; r < raster.getHeight(); r++) {
      for (int c = 0; c < raster.getWidth(); c++) {
        raster.setSample(c, r, 1, raster.getSample(c, r, 0) == value ? 0 : 255);
      }
    }
  }
}
