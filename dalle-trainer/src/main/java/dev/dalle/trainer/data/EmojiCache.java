package dev.dalle.trainer.data;

import dev.dalle.trainer.picture.Picture;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * A file of rendered drawings, mapped into memory. Owns the mapping; any number of threads may read. Layout, little-endian:
 *
 * <pre>
 *   0  8 bytes  "DALLEMOJ"
 *   8  int      format version
 *  12  int      renderer version
 *  16  int      side
 *  20  int      slots, pictures of [side, side, 3] bytes
 *  24  32 bytes SHA-256 of the artifact
 *  56  int      bytes of the index
 *  60  int      CRC-32C of the index
 *  64  int      CRC-32C of all pixels
 *  68  int      CRC-32C of bytes 0 to 67
 *  4096         pixels, then the index as JSON
 * </pre>
 */
final class EmojiCache implements AutoCloseable {
  static final int FORMAT = 1;
  static final int PIXELS_AT = 4096;
  private static final byte[] MAGIC = "DALLEMOJ".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 72;

  private final Arena arena;
  private final MemorySegment file;
  private final EmojiIndex index;
  private final int side;

  private EmojiCache(Arena arena, MemorySegment file, EmojiIndex index, int side) {
    this.arena = arena;
    this.file = file;
    this.index = index;
    this.side = side;
  }

  /** Name of the cache of one artifact at one side. */
  static Path file(Path folder, String digest, int side) {
    return folder.resolve("emoji-" + digest.substring(0, 16) + "-" + side + "px-r" + DrawingRenderer.VERSION + ".cache");
  }

  static byte[] header(String digest, int side, int slots, byte[] index, int pixelCheck) {
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).putInt(FORMAT).putInt(DrawingRenderer.VERSION).putInt(side).putInt(slots);
    header.put(HexFormat.of().parseHex(digest)).putInt(index.length).putInt(check(ByteBuffer.wrap(index))).putInt(pixelCheck);
    header.putInt(check(header.duplicate().flip()));
    return header.array();
  }

  static byte[] json(EmojiIndex index) {
    return JsonMapper.shared().writeValueAsBytes(index);
  }

  static int check(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /**
   * Maps a cache and checks all of it.
   *
   * @throws DamagedException if it is not a whole cache of that artifact and side; the message says what is wrong
   * @throws IOException if it cannot be read
   */
  static EmojiCache open(Path path, String digest, int side) throws IOException, DamagedException {
    Arena arena = Arena.ofShared(); // read by the threads that make batches, closed by the one that opened
    try {
      MemorySegment file;
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      }
      return new EmojiCache(arena, file, validated(file, digest, side), side);
    } catch (Throwable t) {
      arena.close();
      throw t;
    }
  }

  private static EmojiIndex validated(MemorySegment file, String digest, int side) throws DamagedException {
    require(file.byteSize() >= PIXELS_AT, "it has only " + file.byteSize() + " bytes");
    ByteBuffer header = file.asSlice(0, HEADER).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    require(check(header.slice(0, HEADER - 4)) == header.getInt(HEADER - 4), "its header is damaged");
    byte[] magic = new byte[MAGIC.length];
    header.get(magic);
    require(Arrays.equals(magic, MAGIC) && header.getInt() == FORMAT, "it is not a cache of format " + FORMAT);
    require(header.getInt() == DrawingRenderer.VERSION, "another renderer made it");
    require(header.getInt() == side, "it holds another side than " + side);
    int slots = header.getInt();
    byte[] from = new byte[32];
    header.get(from);
    require(HexFormat.of().formatHex(from).equals(digest), "it was made from another artifact");
    int indexBytes = header.getInt();
    int indexCheck = header.getInt();
    int pixelCheck = header.getInt();
    long pixels = (long) slots * pictureBytes(side);
    require(slots >= 0 && indexBytes >= 0 && file.byteSize() == PIXELS_AT + pixels + indexBytes,
        "it has " + file.byteSize() + " bytes instead of " + (PIXELS_AT + pixels + indexBytes));
    byte[] json = file.asSlice(PIXELS_AT + pixels, indexBytes).toArray(ValueLayout.JAVA_BYTE);
    require(check(ByteBuffer.wrap(json)) == indexCheck, "its index is damaged");
    require(pixelCheck(file.asSlice(PIXELS_AT, pixels)) == pixelCheck, "its pixels are damaged");
    try {
      EmojiIndex index = JsonMapper.shared().readValue(json, EmojiIndex.class);
      require(index.examples().stream().allMatch(e -> e.slot() >= 0 && e.slot() < slots), "its index points outside");
      return index;
    } catch (JacksonException e) {
      throw new DamagedException("its index is not understood (" + e.getOriginalMessage() + ")");
    }
  }

  /** Over pieces, since one buffer holds at most two gigabytes. */
  static int pixelCheck(MemorySegment pixels) {
    CRC32C crc = new CRC32C();
    long step = 1L << 28;
    for (long at = 0; at < pixels.byteSize(); at += step) {
      crc.update(pixels.asSlice(at, Math.min(step, pixels.byteSize() - at)).asByteBuffer());
    }
    return (int) crc.getValue();
  }

  static int pictureBytes(int side) {
    return Math.multiplyExact(Math.multiplyExact(side, side), Picture.CHANNELS);
  }

  private static void require(boolean right, String otherwise) throws DamagedException {
    if (!right) {
      throw new DamagedException(otherwise);
    }
  }

  EmojiIndex index() {
    return index;
  }

  /** The picture in a slot, copied out of the mapping. */
  Picture picture(int slot) {
    int bytes = pictureBytes(side);
    return Picture.copyOf(side, side, file.asSlice(PIXELS_AT + (long) slot * bytes, bytes));
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  /** A file that is not the cache it should be. */
  static final class DamagedException extends Exception {
    private static final long serialVersionUID = 1L;

    DamagedException(String message) {
      super(message);
    }
  }
}
