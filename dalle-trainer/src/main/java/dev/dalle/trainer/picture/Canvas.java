package dev.dalle.trainer.picture;

import java.util.Arrays;

/**
 * What a file's first frame is put on. GIF and WebP animations have frames of their own sizes and places; other pictures cover all of it.
 *
 * @param width columns, at least as many as the frame reaches over
 * @param height rows, likewise
 * @param left columns on the left of the frame
 * @param top rows above the frame
 * @param frameWidth columns of the frame
 * @param frameHeight rows of the frame
 */
record Canvas(int width, int height, int left, int top, int frameWidth, int frameHeight) {
  /** A canvas as large as its frame. */
  static Canvas covered(int width, int height) {
    return new Canvas(width, height, 0, 0, width, height);
  }

  /** A canvas that grows if the frame reaches over its edge, as viewers do it. */
  static Canvas around(int width, int height, int left, int top, int frameWidth, int frameHeight) {
    return new Canvas(Math.max(width, left + frameWidth), Math.max(height, top + frameHeight), left, top, frameWidth, frameHeight);
  }

  /**
   * The canvas that a file declares.
   *
   * @param file the file, or its beginning; what is missing is not complained about
   * @param frameWidth columns of the first frame, as its decoder says
   * @param frameHeight rows of the first frame, as its decoder says
   */
  static Canvas of(PictureFormat format, byte[] file, int frameWidth, int frameHeight) {
    return switch (format) {
      case GIF -> GifLayout.of(file).canvas(file, frameWidth, frameHeight);
      case WEBP -> WebpLayout.of(file).canvas(file, frameWidth, frameHeight);
      case PNG, JPEG -> covered(frameWidth, frameHeight);
    };
  }

  /** The frame in its place. What it leaves uncovered is transparent to viewers, and so white here. */
  Picture with(Picture frame) {
    if (width == frameWidth && height == frameHeight) {
      return frame;
    }
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(height, width), Picture.CHANNELS)];
    Arrays.fill(rgb, (byte) 255);
    for (int r = 0; r < frameHeight; r++) {
      System.arraycopy(frame.raw(), r * frameWidth * Picture.CHANNELS, rgb, ((top + r) * width + left) * Picture.CHANNELS,
          frameWidth * Picture.CHANNELS);
    }
    return Picture.owning(height, width, rgb);
  }
}
