package dev.dalle.trainer.picture;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where things lie in a WebP file, as far as its decoder does not say.
 *
 * @param chunks in their order; the last may promise more bytes than there are
 */
record WebpLayout(List<Chunk> chunks) {
  private static final int ANIMATION = 0x02;
  private static final int PROFILE = 0x20;

  /** Bytes of an animation's frame before the chunks inside it. */
  private static final int FRAME_HEADER = 16;

  /**
   * A part of the file.
   *
   * @param name four characters
   * @param at place of its first byte, after name and length
   * @param length bytes that are there
   */
  record Chunk(String name, int at, int length) {}

  static WebpLayout of(byte[] file) {
    return new WebpLayout(chunks(file, 12, file.length));
  }

  /** The file as if it had no colour profile, which the decoder would apply, or fail at if it is damaged; the file itself if it has none. */
  static byte[] withoutProfile(byte[] file) {
    Optional<Chunk> extended = of(file).first("VP8X", 10).filter(x -> (file[x.at] & PROFILE) != 0);
    if (extended.isEmpty()) {
      return file;
    }
    byte[] plain = file.clone();
    plain[extended.get().at] &= ~PROFILE;
    return plain;
  }

  private static List<Chunk> chunks(byte[] file, int from, int to) {
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    List<Chunk> chunks = new ArrayList<>();
    long at = from;
    while (at + 8 <= to) {
      int start = (int) at + 8;
      long promised = in.getInt((int) at + 4) & 0xffffffffL;
      chunks.add(new Chunk(new String(file, (int) at, 4, StandardCharsets.ISO_8859_1), start, (int) Math.min(promised, to - start)));
      at = start + promised + promised % 2;
    }
    return chunks;
  }

  /** The first chunk of a name that has at least so many bytes. */
  Optional<Chunk> first(String name, int bytes) {
    return first(chunks, name, bytes);
  }

  private static Optional<Chunk> first(List<Chunk> chunks, String name, int bytes) {
    return chunks.stream().filter(c -> c.name.equals(name) && c.length >= bytes).findFirst();
  }

  Canvas canvas(byte[] file, int frameWidth, int frameHeight) {
    Optional<Chunk> extended = first("VP8X", 10);
    Optional<Chunk> frame = animated(file) ? first("ANMF", FRAME_HEADER) : Optional.empty();
    if (extended.isEmpty() || frame.isEmpty()) {
      return Canvas.covered(frameWidth, frameHeight);
    }
    int at = extended.get().at;
    int place = frame.get().at;
    return Canvas.around(u24(file, at + 4) + 1, u24(file, at + 7) + 1, 2 * u24(file, place), 2 * u24(file, place + 3), frameWidth, frameHeight);
  }

  /**
   * Refuses what the decoder would read wrongly without a word: pixels of another size than the header or frame around them says, and transparency that is
   * not compressed.
   *
   * @throws PictureException if it is so
   */
  void check(byte[] file, Canvas canvas, String name) {
    List<Chunk> inside = chunks;
    if (animated(file)) {
      inside = first("ANMF", FRAME_HEADER).map(f -> chunks(file, f.at + FRAME_HEADER, f.at + f.length)).orElse(List.of());
    }
    int width = canvas.frameWidth();
    int height = canvas.frameHeight();
    Optional<Chunk> lossy = first(inside, "VP8 ", 10);
    Optional<Chunk> lossless = first(inside, "VP8L", 5);
    if (lossy.isPresent()) {
      width = u16(file, lossy.get().at + 6) & 0x3fff;
      height = u16(file, lossy.get().at + 8) & 0x3fff;
    } else if (lossless.isPresent()) {
      width = (u24(file, lossless.get().at + 1) & 0x3fff) + 1;
      height = (u24(file, lossless.get().at + 2) >> 6 & 0x3fff) + 1;
    }
    if (width != canvas.frameWidth() || height != canvas.frameHeight()) {
      throw new PictureException(name + ": is a damaged WEBP file: its header says " + canvas.frameWidth() + " x " + canvas.frameHeight()
          + " pixels, the picture in it " + width + " x " + height + "; download or export it again, or leave it out");
    }
    Optional<Chunk> alpha = first(inside, "ALPH", 1);
    if (lossy.isPresent() && alpha.isPresent() && (file[alpha.get().at] & 3) == 0) {
      throw new PictureException(name + ": is a WEBP file with transparency that is not compressed, which is not read; save it again as PNG, or as WebP with"
          + " compressed transparency");
    }
  }

  private boolean animated(byte[] file) {
    return first("VP8X", 10).filter(x -> (file[x.at] & ANIMATION) != 0).isPresent();
  }

  private static int u16(byte[] file, int at) {
    return file[at] & 0xff | (file[at + 1] & 0xff) << 8;
  }

  private static int u24(byte[] file, int at) {
    return u16(file, at) | (file[at + 2] & 0xff) << 16;
  }
}
