package dev.dalle.trainer.picture;

/** Refuses sizes before anything is allocated for them: a header of a few bytes can ask for any. */
final class SizeLimit {
  /** The largest cameras make two hundred million pixels. */
  private static final long MOST_PIXELS = 200_000_000L;

  /** Larger files are no pictures. */
  private static final long MOST_BYTES = 1L << 30;

  /**
   * Bytes of the Java heap a pixel while a file is read: 8 in the decoder's image if it has four colours of 16 bits, 3 in ours, 3 more while it is turned
   * upright. JPEG, 8-bit PNG, GIF and WebP were seen to need less.
   */
  private static final long HEAP_BYTES_A_PIXEL = 16;

  private SizeLimit() {}

  /**
   * Lets a picture pass, or not.
   *
   * @param canvas what is to be allocated, with the frame that the file holds
   * @param bytes length of the file
   * @throws PictureException if it is too large for anybody, for the bytes of the file, or for the Java heap
   */
  static void check(Canvas canvas, PictureFormat format, int bytes, String name) {
    require(canvas.frameWidth(), canvas.frameHeight(), MOST_PIXELS, name, "the " + MOST_PIXELS + " that are read; shrink it first");
    require(canvas.width(), canvas.height(), MOST_PIXELS, name, "the " + MOST_PIXELS + " that are read; shrink it first");
    require(canvas.frameWidth(), canvas.frameHeight(), format.mostPixels(bytes), name,
        "a " + format + " file of " + bytes + " bytes can hold, so it is damaged or truncated; download or export it again, or leave it out");
    long heap = Runtime.getRuntime().maxMemory();
    require(canvas.width(), canvas.height(), heap / HEAP_BYTES_A_PIXEL, name,
        "this Java heap of " + (heap >> 20) + " MiB has room for; shrink it, or give Java a larger heap with -Xmx");
  }

  /** The same for a file as such. */
  static void checkFile(long bytes, String name) {
    if (bytes > MOST_BYTES) {
      throw new PictureException(name + ": has " + bytes + " bytes, more than the " + MOST_BYTES + " that are read; if it is a picture, shrink it");
    }
  }

  private static void require(long width, long height, long most, String name, String why) {
    if (width * height > most) {
      throw new PictureException(name + ": has " + width + " x " + height + " pixels, more than " + why);
    }
  }
}
