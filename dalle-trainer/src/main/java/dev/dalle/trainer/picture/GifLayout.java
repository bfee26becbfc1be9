package dev.dalle.trainer.picture;

/**
 * Where things lie in a GIF file, as far as its decoder does not say.
 *
 * @param firstFrame place of the first frame's descriptor, after its introducing byte; -1 if there is none
 * @param complete whether the closing trailer is there
 */
record GifLayout(int firstFrame, boolean complete) {
  private static final int HEADER = 13;
  private static final int DESCRIPTOR = 9;

  /** Walks the blocks: a lone 0x3b byte may occur inside picture data, so looking at the last byte would not be enough. */
  static GifLayout of(byte[] file) {
    int firstFrame = -1;
    int at = file.length < HEADER ? file.length : HEADER + colourTableBytes(file[10]);
    while (at < file.length) {
      int kind = file[at++] & 0xff;
      if (kind == 0x3b) {
        return new GifLayout(firstFrame, true);
      }
      if (kind == 0x21) {
        at = afterSubBlocks(file, at + 1);
      } else if (kind == 0x2c && at + DESCRIPTOR <= file.length) {
        firstFrame = firstFrame < 0 ? at : firstFrame;
        at = afterSubBlocks(file, at + DESCRIPTOR + colourTableBytes(file[at + 8]) + 1);
      } else {
        break;
      }
    }
    return new GifLayout(firstFrame, false);
  }

  Canvas canvas(byte[] file, int frameWidth, int frameHeight) {
    return firstFrame < 0 ? Canvas.covered(frameWidth, frameHeight)
        : Canvas.around(u16(file, 6), u16(file, 8), u16(file, firstFrame), u16(file, firstFrame + 2), frameWidth, frameHeight);
  }

  /** Whether the first frame has colours, its own or those of the screen. Decoders make some up if it has none. */
  boolean hasColours(byte[] file) {
    return firstFrame < 0 || colourTableBytes(file[10]) > 0 || colourTableBytes(file[firstFrame + 8]) > 0;
  }

  private static int colourTableBytes(byte flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private static int afterSubBlocks(byte[] file, int from) {
    int at = from;
    while (at < file.length && file[at] != 0) {
      at += (file[at] & 0xff) + 1;
    }
    return at + 1;
  }

  private static int u16(byte[] file, int at) {
    return file[at] & 0xff | (file[at + 1] & 0xff) << 8;
  }
}
