package dev.dalle.dist.mpi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * What ranks tell one another before they exchange anything else, so that none mistakes what another posted for its own.
 *
 * @param hash of all that must be the same
 * @param colour of a split
 * @param key of a split
 * @param text the same in words, cut where it is long
 */
record Header(long hash, int colour, int key, String text) {
  /** Bytes of every header. */
  static final int BYTES = 256;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int TEXT = 16;

  static Header of(String text) {
    return new Header(hash(text), 0, 0, text);
  }

  static Header ofSplit(int colour, int key) {
    return new Header(hash("split"), colour, key, "split");
  }

  /** FNV-1a over the UTF-16 units. */
  static long hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  void write(MemorySegment memory) {
    memory.set(LONG, 0, hash);
    memory.set(INT, 8, colour);
    memory.set(INT, 12, key);
    writeText(memory, TEXT, text);
  }

  static Header read(MemorySegment memory) {
    return new Header(memory.get(LONG, 0), memory.get(INT, 8), memory.get(INT, 12), readText(memory, TEXT));
  }

  /** Its length and as much of the text as the memory has room for. */
  static void writeText(MemorySegment memory, long at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.toIntExact(Math.min(bytes.length, memory.byteSize() - at - 4));
    memory.set(INT, at, length);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, at + 4, length);
  }

  static String readText(MemorySegment memory, long at) {
    byte[] bytes = new byte[memory.get(INT, at)];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, at + 4, bytes, 0, bytes.length);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
