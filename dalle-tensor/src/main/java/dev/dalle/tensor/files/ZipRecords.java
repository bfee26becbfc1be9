package dev.dalle.tensor.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The records of a mapped zip archive, where they lie. The JDK's reader does not say where that is. Reads the directory at the archive's end, also of archives and
 * records of 4 GiB and more; what it says must lie inside the archive and not overlap. Sums of contents are not checked: PyTorch can be told not to write them.
 */
final class ZipRecords {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int LOCAL = 0x04034B50;
  private static final int LOCAL_BYTES = 30;
  private static final int DIRECTORY = 0x02014B50;
  private static final int DIRECTORY_BYTES = 46;
  private static final int END = 0x06054B50;
  private static final int END_BYTES = 22;
  private static final int LARGE_END = 0x06064B50;
  private static final int LARGE_END_BYTES = 56;
  private static final int LOCATOR = 0x07064B50;
  private static final int LOCATOR_BYTES = 20;
  private static final long LARGE = 0xFFFFFFFFL;
  /** Longest directory, in bytes; bounds the number of records. */
  private static final int MAX_DIRECTORY = 32 << 20;
  /** Most bytes of packed records together, since these are not mapped. */
  static final long MAX_UNPACKED = 256L << 20;
  /** Deflate makes at most 1032 bytes of one. */
  private static final int MAX_RATIO = 1032;

  /** A record: how many bytes its content has, and those that are stored for it. */
  private record Entry(boolean packed, long headerAt, long byteSize, MemorySegment stored) {}

  private final MappedFile file;
  private final MemorySegment bytes;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private long unpacked;

  /**
   * Reads the directory.
   *
   * @throws TensorFileException if there is none, or it contradicts itself or the archive
   */
  ZipRecords(MappedFile file) throws TensorFileException {
    this.file = file;
    this.bytes = file.bytes();
    long end = findEnd();
    long count = bytes.get(SHORT, end + 10) & 0xFFFF;
    long size = bytes.get(INT, end + 12) & LARGE;
    long from = bytes.get(INT, end + 16) & LARGE;
    if (end >= LOCATOR_BYTES && bytes.get(INT, end - LOCATOR_BYTES) == LOCATOR) {
      long largeEnd = bytes.get(LONG, end - LOCATOR_BYTES + 8);
      if (largeEnd < 0 || largeEnd > end - LOCATOR_BYTES - LARGE_END_BYTES || bytes.get(INT, largeEnd) != LARGE_END) {
        throw wrong("expected the end of the directory of a large archive at byte " + Long.toUnsignedString(largeEnd) + ", found something else");
      }
      count = bytes.get(LONG, largeEnd + 32);
      size = bytes.get(LONG, largeEnd + 40);
      from = bytes.get(LONG, largeEnd + 48);
      end = largeEnd;
    }
    if (size < 0 || from < 0 || size > MAX_DIRECTORY || from > end - size) {
      throw wrong("expected a directory of at most " + MAX_DIRECTORY + " bytes before byte " + end + ", found one of " + Long.toUnsignedString(size)
          + " from byte " + Long.toUnsignedString(from) + " on");
    }
    readDirectory(from, size);
    if (entries.size() != count) {
      throw wrong("expected " + Long.toUnsignedString(count) + " records in the directory, found " + entries.size());
    }
    checkApart(from);
  }

  private TensorFileException wrong(String message) {
    return new TensorFileException(file.path() + ": zip archive: " + message + "; the file is cut short or damaged");
  }

  /** Where the last part of the archive begins, after which only a comment follows. */
  private long findEnd() throws TensorFileException {
    long last = bytes.byteSize() - END_BYTES;
    for (long at = last; at >= Math.max(0, last - 0xFFFF); at--) {
      if (bytes.get(INT, at) == END && (bytes.get(SHORT, at + 20) & 0xFFFF) == last - at) {
        return at;
      }
    }
    throw wrong("expected a directory at its end, found none");
  }

  private void readDirectory(long from, long size) throws TensorFileException {
    long end = from + size;
    for (long at = from; at < end;) {
      if (end - at < DIRECTORY_BYTES || bytes.get(INT, at) != DIRECTORY) {
        throw wrong("expected a record of the directory at byte " + at + ", found something else");
      }
      int nameLength = bytes.get(SHORT, at + 28) & 0xFFFF;
      int extraLength = bytes.get(SHORT, at + 30) & 0xFFFF;
      long next = at + DIRECTORY_BYTES + nameLength + extraLength + (bytes.get(SHORT, at + 32) & 0xFFFF);
      if (next > end) {
        throw wrong("expected a record of the directory at byte " + at + " to end by byte " + end + ", found one that ends at " + next);
      }
      String name = new String(bytes.asSlice(at + DIRECTORY_BYTES, nameLength).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
      if (entries.put(name, entry(name, at, at + DIRECTORY_BYTES + nameLength, extraLength)) != null) {
        throw wrong("expected every record once, found " + name + " twice");
      }
      at = next;
    }
  }

  private Entry entry(String name, long at, long extraAt, int extraLength) throws TensorFileException {
    int flags = bytes.get(SHORT, at + 8);
    int method = bytes.get(SHORT, at + 10) & 0xFFFF;
    if ((flags & 1) != 0 || method != 0 && method != 8) {
      throw new TensorFileException(file.path() + ": zip archive: record " + name + ": expected one that is stored as it is or deflated, found "
          + ((flags & 1) != 0 ? "an encrypted one" : "method " + method) + "; pack it again without that");
    }
    // Stored bytes, bytes of content, place: those that do not fit into 32 bits stand in the extra field, in this order, content first.
    long stored = bytes.get(INT, at + 20) & LARGE;
    long byteSize = bytes.get(INT, at + 24) & LARGE;
    long headerAt = bytes.get(INT, at + 42) & LARGE;
    if (stored == LARGE || byteSize == LARGE || headerAt == LARGE) {
      long large = largeField(name, extraAt, extraLength);
      long largeEnd = large + (bytes.get(SHORT, large - 2) & 0xFFFF);
      if (byteSize == LARGE) {
        byteSize = largeNumber(name, large, largeEnd);
        large += Long.BYTES;
      }
      if (stored == LARGE) {
        stored = largeNumber(name, large, largeEnd);
        large += Long.BYTES;
      }
      if (headerAt == LARGE) {
        headerAt = largeNumber(name, large, largeEnd);
      }
    }
    return new Entry(method == 8, headerAt, byteSize, content(name, headerAt, stored, byteSize, method == 8));
  }

  /** Where the part of an extra field begins that has numbers of 64 bits. */
  private long largeField(String name, long extraAt, int extraLength) throws TensorFileException {
    for (long at = extraAt; at + 4 <= extraAt + extraLength;) {
      int length = bytes.get(SHORT, at + 2) & 0xFFFF;
      if (at + 4 + length > extraAt + extraLength) {
        break;
      }
      if (bytes.get(SHORT, at) == 1) {
        return at + 4;
      }
      at += 4 + length;
    }
    throw wrong("record " + name + ": expected sizes of 64 bits, found none");
  }

  private long largeNumber(String name, long at, long end) throws TensorFileException {
    if (at + Long.BYTES > end) {
      throw wrong("record " + name + ": expected more sizes of 64 bits, found no more");
    }
    return bytes.get(LONG, at);
  }

  private MemorySegment content(String name, long headerAt, long stored, long byteSize, boolean packed) throws TensorFileException {
    if (headerAt < 0 || headerAt > bytes.byteSize() - LOCAL_BYTES || bytes.get(INT, headerAt) != LOCAL) {
      throw wrong("record " + name + ": expected it at byte " + Long.toUnsignedString(headerAt) + ", found something else there");
    }
    long from = headerAt + LOCAL_BYTES + (bytes.get(SHORT, headerAt + 26) & 0xFFFF) + (bytes.get(SHORT, headerAt + 28) & 0xFFFF);
    if (stored < 0 || stored > bytes.byteSize() - from) {
      throw wrong("record " + name + ": expected " + Long.toUnsignedString(stored) + " bytes from byte " + from + " on, found "
          + Math.max(0, bytes.byteSize() - from));
    }
    if (packed ? byteSize < 0 || byteSize / MAX_RATIO > stored : byteSize != stored) {
      throw wrong("record " + name + ": expected a content that " + stored + " bytes can hold, found one of " + Long.toUnsignedString(byteSize) + " bytes");
    }
    return bytes.asSlice(from, stored);
  }

  /** Refuses records that share bytes with each other or with the directory: a small archive could else claim to hold the same content many times. */
  private void checkApart(long directory) throws TensorFileException {
    List<Map.Entry<String, Entry>> byPlace = new ArrayList<>(entries.entrySet());
    byPlace.sort(Comparator.comparingLong(entry -> entry.getValue().headerAt));
    for (int i = 0; i < byPlace.size(); i++) {
      MemorySegment stored = byPlace.get(i).getValue().stored;
      long end = stored.address() - bytes.address() + stored.byteSize();
      long next = i + 1 < byPlace.size() ? byPlace.get(i + 1).getValue().headerAt : directory;
      if (end > next) {
        throw wrong("record " + byPlace.get(i).getKey() + ": expected it to end by byte " + next + ", where the next part begins, found its end at " + end);
      }
    }
  }

  /** The names of all records, in the order of the directory. */
  List<String> names() {
    return List.copyOf(entries.keySet());
  }

  /**
   * What a record holds: in place if it is stored as it is, else unpacked.
   *
   * @throws TensorFileException if it is packed badly, or too much is packed
   */
  Optional<MemorySegment> find(String name) throws TensorFileException {
    Entry entry = entries.get(name);
    if (entry == null) {
      return Optional.empty();
    }
    return Optional.of(entry.packed ? unpack(name, entry) : entry.stored);
  }

  private MemorySegment unpack(String name, Entry entry) throws TensorFileException {
    if (entry.byteSize > MAX_UNPACKED - unpacked || entry.stored.byteSize() > 2 * MAX_UNPACKED) {
      throw new TensorFileException(file.path() + ": zip archive: record " + name + ": expected at most " + MAX_UNPACKED
          + " bytes in deflated records together, found more; torch.save stores records as they are, so unzip the file and zip it with -0");
    }
    unpacked += entry.byteSize;
    MemorySegment content = file.arena().allocate(entry.byteSize, Long.BYTES);
    ByteBuffer target = content.asByteBuffer();
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(entry.stored.asByteBuffer());
      while (target.hasRemaining() && !inflater.finished() && !inflater.needsInput() && !inflater.needsDictionary()) {
        inflater.inflate(target);
      }
      if (target.hasRemaining() || inflater.inflate(new byte[1]) != 0 || !inflater.finished()) {
        throw wrong("record " + name + ": expected " + entry.byteSize + " bytes of content"
            + (target.hasRemaining() ? ", found fewer" : " and its end, found more"));
      }
    } catch (DataFormatException e) {
      throw new TensorFileException(file.path() + ": zip archive: record " + name + ": expected deflated bytes, found others; the file is damaged", e);
    } finally {
      inflater.end();
    }
    return content.asReadOnly();
  }
}
