package dev.dalle.tensor.files;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Where records of a zip archive go that are stored as they are, each content at a multiple of 64 bytes, as PyTorch wants them to be able to map them. Numbers of
 * 64 bits where 32 do not do. Dates are the first that the format knows, so that equal contents give equal archives.
 */
final class ZipLayout {
  private static final int ALIGNMENT = 64;
  private static final int LOCAL_BYTES = 30;
  private static final int DIRECTORY_BYTES = 46;
  private static final long LARGE = 0xFFFFFFFFL;
  private static final short FIRST_DATE = 1 << 5 | 1;
  /** Versions of the format that a reader has to know: 2.0, and 4.5 for numbers of 64 bits. */
  private static final short VERSION = 20;
  private static final short LARGE_VERSION = 45;
  /** What PyTorch calls the field that only fills space. */
  private static final short FILLING = 'F' | 'B' << 8;

  /**
   * A record.
   *
   * @param at where its header begins
   * @param sum its content's CRC-32, known once it is written
   */
  record Place(String name, long byteSize, long at, int sum) {
    private int extraBytes() {
      int needed = LOCAL_BYTES + nameBytes().length + (isLarge() ? 20 : 0) + 4;
      return (isLarge() ? 20 : 0) + 4 + (int) (-(at + needed) & (ALIGNMENT - 1));
    }

    private boolean isLarge() {
      return byteSize >= LARGE;
    }

    private byte[] nameBytes() {
      return name.getBytes(StandardCharsets.US_ASCII);
    }

    /** Where its content begins. */
    long contentAt() {
      return at + LOCAL_BYTES + nameBytes().length + extraBytes();
    }

    Place withSum(int sum) {
      return new Place(name, byteSize, at, sum);
    }

    /** What stands before the content. */
    ByteBuffer header() {
      ByteBuffer header = buffer((int) (contentAt() - at));
      int size = isLarge() ? -1 : (int) byteSize;
      header.putInt(0x04034B50).putShort(isLarge() ? LARGE_VERSION : VERSION).putShort((short) 0).putShort((short) 0).putShort((short) 0).putShort(FIRST_DATE);
      header.putInt(sum).putInt(size).putInt(size).putShort((short) nameBytes().length).putShort((short) extraBytes()).put(nameBytes());
      if (isLarge()) {
        header.putShort((short) 1).putShort((short) 16).putLong(byteSize).putLong(byteSize);
      }
      header.putShort(FILLING).putShort((short) (header.remaining() - 2));
      return header.clear();
    }
  }

  private final List<Place> places = new ArrayList<>();
  private long end;

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Finds the place for one more record.
   *
   * @param name in ASCII
   */
  Place add(String name, long byteSize) {
    Place place = new Place(name, byteSize, end, 0);
    places.add(place);
    end = place.contentAt() + byteSize;
    return place;
  }

  /** All records, in their order. */
  List<Place> places() {
    return List.copyOf(places);
  }

  /** Bytes of the whole archive. */
  long byteSize() {
    return end + directory(places).remaining();
  }

  /** What stands after all contents; needs the sums of all records. */
  ByteBuffer directory(List<Place> summed) {
    long size = summed.stream().mapToLong(place -> DIRECTORY_BYTES + place.nameBytes().length + largeBytes(place)).sum();
    boolean large = end + size >= LARGE || summed.size() >= 0xFFFF;
    ByteBuffer directory = buffer(Math.toIntExact(size) + (large ? 76 : 0) + 22);
    for (Place place : summed) {
      putEntry(directory, place);
    }
    if (large) {
      directory.putInt(0x06064B50).putLong(44).putShort(LARGE_VERSION).putShort(LARGE_VERSION).putInt(0).putInt(0);
      directory.putLong(summed.size()).putLong(summed.size()).putLong(size).putLong(end);
      directory.putInt(0x07064B50).putInt(0).putLong(end + size).putInt(1);
    }
    short count = large ? -1 : (short) summed.size();
    directory.putInt(0x06054B50).putInt(0).putShort(count).putShort(count).putInt(large ? -1 : (int) size).putInt(large ? -1 : (int) end).putShort((short) 0);
    return directory.flip();
  }

  private static int largeBytes(Place place) {
    int numbers = (place.isLarge() ? 2 : 0) + (place.at >= LARGE ? 1 : 0);
    return numbers == 0 ? 0 : 4 + 8 * numbers;
  }

  private static void putEntry(ByteBuffer directory, Place place) {
    int extra = largeBytes(place);
    int size = place.isLarge() ? -1 : (int) place.byteSize;
    short version = extra > 0 ? LARGE_VERSION : VERSION;
    directory.putInt(0x02014B50).putShort(version).putShort(version).putShort((short) 0).putShort((short) 0).putShort((short) 0).putShort(FIRST_DATE);
    directory.putInt(place.sum).putInt(size).putInt(size).putShort((short) place.nameBytes().length).putShort((short) extra);
    directory.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0).putInt(place.at >= LARGE ? -1 : (int) place.at).put(place.nameBytes());
    if (extra > 0) {
      directory.putShort((short) 1).putShort((short) (extra - 4));
      if (place.isLarge()) {
        directory.putLong(place.byteSize).putLong(place.byteSize);
      }
      if (place.at >= LARGE) {
        directory.putLong(place.at);
      }
    }
  }
}
