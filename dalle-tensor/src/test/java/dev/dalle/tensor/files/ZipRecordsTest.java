package dev.dalle.tensor.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads archives that the JDK wrote, and such as were changed or put together here. */
class ZipRecordsTest {
  @TempDir
  private Path folder;

  private static byte[] archive(String comment, Object... namesAndContents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setComment(comment);
      for (int i = 0; i < namesAndContents.length; i += 2) {
        String name = (String) namesAndContents[i];
        byte[] content = (byte[]) namesAndContents[i + 1];
        ZipEntry entry = new ZipEntry(name);
        if (name.startsWith("packed")) {
          entry.setMethod(ZipEntry.DEFLATED);
        } else {
          entry.setMethod(ZipEntry.STORED);
          entry.setSize(content.length);
          CRC32 sum = new CRC32();
          sum.update(content);
          entry.setCrc(sum.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(content);
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] random(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  private static MappedFile file(byte[] bytes, Arena arena) {
    return new MappedFile(Path.of("f"), arena, MemorySegment.ofArray(bytes));
  }

  private static ZipRecords records(byte[] bytes) throws TensorFileException {
    return new ZipRecords(file(bytes, Arena.ofAuto()));
  }

  private static void refused(String message, byte[] bytes) {
    assertEquals("f: zip archive: " + message, assertThrows(TensorFileException.class, () -> records(bytes)).getMessage());
  }

  @Test
  void archivesOfTheJdk() throws IOException {
    byte[] first = random(1000);
    byte[] packed = new byte[100_000];
    for (String comment : Arrays.asList(null, "a comment", "PK\5\6".repeat(1000))) {
      byte[] archive = archive(comment, "a/stored", first, "packed", packed, "packed too", first, "empty", new byte[0], "packed empty", new byte[0], "\u00fc", first);
      ZipRecords records = records(archive);
      assertEquals(List.of("a/stored", "packed", "packed too", "empty", "packed empty", "\u00fc"), records.names());
      MemorySegment found = records.find("a/stored").orElseThrow();
      assertArrayEquals(first, found.toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(first, records.find("\u00fc").orElseThrow().toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(packed, records.find("packed").orElseThrow().toArray(ValueLayout.JAVA_BYTE));
      assertArrayEquals(first, records.find("packed too").orElseThrow().toArray(ValueLayout.JAVA_BYTE));
      assertEquals(0, records.find("empty").orElseThrow().byteSize());
      assertEquals(0, records.find("packed empty").orElseThrow().byteSize());
      assertTrue(records.find("none").isEmpty());
      archive[(int) found.address() + 7]++;
      assertEquals((byte) (first[7] + 1), found.get(ValueLayout.JAVA_BYTE, 7), "in place");
    }
  }

  /** Where a field of the first record in the directory is. */
  private static int directory(byte[] archive) {
    return ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN).getInt(archive.length - 6);
  }

  private static byte[] with(byte[] archive, int at, long value, int bytes) {
    byte[] changed = archive.clone();
    for (int i = 0; i < bytes; i++) {
      changed[at + i] = (byte) (value >> 8 * i);
    }
    return changed;
  }

  private static final String DAMAGED = "; the file is cut short or damaged";

  @Test
  void contradictionsAreRefused() throws IOException {
    byte[] good = archive(null, "x", new byte[10], "y", new byte[5]);
    int end = good.length - 22;
    int from = directory(good);
    refused("expected a directory at its end, found none" + DAMAGED, Arrays.copyOf(good, good.length - 1));
    refused("expected a directory at its end, found none" + DAMAGED, Arrays.copyOf(good, 20));
    refused("expected 3 records in the directory, found 2" + DAMAGED, with(good, end + 10, 3, 2));
    refused("expected a directory of at most 33554432 bytes before byte " + end + ", found one of 2147483648 from byte " + from + " on" + DAMAGED,
        with(good, end + 12, 1L << 31, 4));
    refused("expected a directory of at most 33554432 bytes before byte " + end + ", found one of 94 from byte 2147483648 on" + DAMAGED,
        with(good, end + 16, 1L << 31, 4));
    refused("expected a record of the directory at byte " + (from + 1) + ", found something else" + DAMAGED, with(with(good, end + 16, from + 1, 4), end + 12, 93, 4));
    refused("expected a record of the directory at byte " + from + " to end by byte " + end + ", found one that ends at " + (from + 65581) + DAMAGED,
        with(good, from + 28, 65535, 2));
    refused("expected every record once, found x twice" + DAMAGED, with(good, from + 47 + 46, 'x', 1));
    refused("record x: expected it at byte 1, found something else there" + DAMAGED, with(good, from + 42, 1, 4));
    refused("record x: expected it at byte 4294967294, found something else there" + DAMAGED, with(good, from + 42, 0xFFFFFFFEL, 4));
    refused("record x: expected 268435466 bytes from byte 31 on, found " + (good.length - 31) + DAMAGED, with(good, from + 23, 16, 1));
    refused("record x: expected a content that 10 bytes can hold, found one of 11 bytes" + DAMAGED, with(good, from + 24, 11, 1));
    refused("record x: expected sizes of 64 bits, found none" + DAMAGED, with(good, from + 24, 0xFFFFFFFFL, 4));
    refused("record x: expected it to end by byte 41, where the next part begins, found its end at 42" + DAMAGED,
        with(with(good, from + 24, 11, 1), from + 20, 11, 1));
    // The same bytes under two names.
    refused("record x: expected it to end by byte 0, where the next part begins, found its end at 41" + DAMAGED, with(with(with(good, from + 47 + 42, 0, 4),
        from + 47 + 20, 10, 1), from + 47 + 24, 10, 1));
    refused("record x: expected one that is stored as it is or deflated, found an encrypted one; pack it again without that", with(good, from + 8, 1, 2));
    refused("record x: expected one that is stored as it is or deflated, found method 12; pack it again without that", with(good, from + 10, 12, 2));
  }

  @Test
  void packedRecordsAreUnpackedWithinBounds() throws IOException {
    byte[] content = new byte[5000];
    byte[] good = archive(null, "packed", content);
    int from = directory(good);
    int stored = ByteBuffer.wrap(good).order(ByteOrder.LITTLE_ENDIAN).getInt(from + 20);
    assertEquals("f: zip archive: record packed: expected 5001 bytes of content, found fewer" + DAMAGED,
        assertThrows(TensorFileException.class, () -> records(with(good, from + 24, 5001, 4)).find("packed")).getMessage());
    assertEquals("f: zip archive: record packed: expected 4999 bytes of content and its end, found more" + DAMAGED,
        assertThrows(TensorFileException.class, () -> records(with(good, from + 24, 4999, 4)).find("packed")).getMessage());
    assertEquals("f: zip archive: record packed: expected deflated bytes, found others; the file is damaged",
        assertThrows(TensorFileException.class, () -> records(with(good, 30 + 6, 0xFFFF, 2)).find("packed")).getMessage());
    refused("record packed: expected a content that " + stored + " bytes can hold, found one of 2147483647 bytes" + DAMAGED,
        with(good, from + 24, Integer.MAX_VALUE, 4));
    // The end comes early, and bytes follow that nobody asked for.
    byte[] early = archive(null, "packed", new byte[0]);
    byte[] longer = with(with(Arrays.copyOf(good, good.length), 30 + 6, 3, 2), from + 24, 5000, 4);
    assertEquals(2, ByteBuffer.wrap(early).order(ByteOrder.LITTLE_ENDIAN).getInt(directory(early) + 20));
    assertEquals("f: zip archive: record packed: expected 5000 bytes of content, found fewer" + DAMAGED,
        assertThrows(TensorFileException.class, () -> records(longer).find("packed")).getMessage());
    byte[] cut = with(good, from + 20, stored - 2, 4);
    assertTrue(assertThrows(TensorFileException.class, () -> records(cut).find("packed")).getMessage().contains("record packed: expected 5000 bytes of content"));
  }

  /** Much that is nothing: each record within what deflate can do, all together more than is unpacked. */
  @Test
  void packedRecordsTogetherAreBounded() throws IOException {
    byte[] large = new byte[100 << 20];
    ZipRecords records = records(archive(null, "packed 1", large, "packed 2", large, "packed 3", large));
    assertEquals(100 << 20, records.find("packed 1").orElseThrow().byteSize());
    assertEquals(100 << 20, records.find("packed 2").orElseThrow().byteSize());
    assertEquals("f: zip archive: record packed 3: expected at most 268435456 bytes in deflated records together, found more; torch.save stores records as they "
        + "are, so unzip the file and zip it with -0", assertThrows(TensorFileException.class, () -> records.find("packed 3")).getMessage());
  }

  private static byte[] name(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }

  private static ByteBuffer part(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** An archive of more than 4 GiB, most of it a hole in the file: sizes and places of 64 bits. */
  @Test
  void largeArchives() throws IOException {
    long size = (4L << 30) + 123_456;
    Path path = folder.resolve("large.zip");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(part(30).putInt(0x04034B50).putShort(26, (short) 1).array());
      file.write(name("a"));
      file.seek(31 + size - 1);
      file.write(77);
      long second = file.getFilePointer();
      file.write(part(30).putInt(0x04034B50).putShort(26, (short) 1).putShort(28, (short) 3).array());
      file.write(name("b...xyz"));
      long directory = file.getFilePointer();
      // All numbers in the extra field of the first, only the place in that of the second, after a field of another kind.
      file.write(part(46).putInt(0x02014B50).putInt(20, -1).putInt(24, -1).putShort(28, (short) 1).putShort(30, (short) 28).putInt(42, -1).array());
      file.write(name("a"));
      file.write(part(28).putShort((short) 1).putShort((short) 24).putLong(size).putLong(size).putLong(0).array());
      file.write(part(46).putInt(0x02014B50).putInt(20, 3).putInt(24, 3).putShort(28, (short) 1).putShort(30, (short) 18).putInt(42, -1).array());
      file.write(name("b"));
      file.write(part(18).putShort((short) 7).putShort((short) 2).putShort((short) 0).putShort((short) 1).putShort((short) 8).putLong(second).array());
      long end = file.getFilePointer();
      file.write(part(56).putInt(0x06064B50).putLong(32, 2).putLong(40, end - directory).putLong(48, directory).array());
      file.write(part(20).putInt(0x07064B50).putLong(8, end).array());
      file.write(part(22).putInt(0x06054B50).putShort(10, (short) -1).putInt(12, -1).putInt(16, -1).array());
    }
    int contents = MappedFile.open(path, file -> {
      ZipRecords records = new ZipRecords(file);
      assertEquals(List.of("a", "b"), records.names());
      assertEquals(size, records.find("a").orElseThrow().byteSize());
      assertEquals(77, records.find("a").orElseThrow().get(ValueLayout.JAVA_BYTE, size - 1));
      assertArrayEquals(name("xyz"), records.find("b").orElseThrow().toArray(ValueLayout.JAVA_BYTE));
      file.close();
      return records.names().size();
    });
    assertEquals(2, contents);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.seek(file.length() - 22 - 20 + 8);
      file.write(part(8).putLong(Long.MIN_VALUE).array());
    }
    assertEquals(path + ": zip archive: expected the end of the directory of a large archive at byte 9223372036854775808, found something else" + DAMAGED,
        assertThrows(TensorFileException.class, () -> MappedFile.open(path, ZipRecords::new)).getMessage());
  }
}
