package dev.dalle.trainer.picture;

import java.io.IOException;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * The bytes of a WebP file as its decoder needs them. It reads some bytes ahead, so that zeros follow the file; and where data end early it would go on
 * with the last bytes over and over, so that after the zeros every byte is an error. The length is not told: given one, the decoder takes a large picture
 * of one colour for an attack. One thread.
 */
final class WebpStream extends ImageInputStreamImpl {
  /** More than the decoder's buffer of 8 bytes. */
  private static final int AHEAD = 64;

  private final byte[] file;

  WebpStream(byte[] file) {
    this.file = file;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    read(one, 0, 1);
    return one[0] & 0xff;
  }

  @Override
  public int read(byte[] to, int from, int length) throws IOException {
    checkClosed();
    bitOffset = 0;
    int count = (int) Math.min(length, file.length + AHEAD - streamPos);
    if (count <= 0 && length > 0) {
      throw new IOException("the picture's data end early");
    }
    for (int i = 0; i < count; i++) {
      to[from + i] = streamPos < file.length ? file[(int) streamPos] : 0;
      streamPos++;
    }
    return count;
  }
}
