package dev.dalle.tensor.files;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** Takes numbers and texts from the bytes of a pickle, one after another, and never more of them than there are or than {@link #MAX_BYTES}. */
final class PickleInput {
  /** Longest pickle; those of models with ten thousand tensors have two or three million bytes. Bounds the texts that are kept. */
  static final int MAX_BYTES = 32 << 20;
  /** Longest line, of a name or a number in digits. */
  private static final int MAX_LINE = 1000;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final String where;
  private final MemorySegment bytes;
  private long at;
  private long limit;

  /**
   * Begins at the first byte.
   *
   * @param where file and record, for messages
   */
  PickleInput(String where, MemorySegment bytes) {
    this.where = where;
    this.bytes = bytes;
    beginPickle();
  }

  /** Says that a pickle begins here, whose length is to be bounded. */
  void beginPickle() {
    limit = Math.min(bytes.byteSize(), at + MAX_BYTES);
  }

  /** The number of bytes taken. */
  long position() {
    return at;
  }

  /** An exception about what is at a byte. */
  TensorFileException wrong(long position, String message) {
    return new TensorFileException(where + ": byte " + position + ": " + message);
  }

  /** Moves on by a number of bytes and says where they begin. */
  private long take(long count) throws TensorFileException {
    if (count < 0 || count > limit - at) {
      throw wrong(at, count < 0 || count > bytes.byteSize() - at
          ? "expected " + Long.toUnsignedString(count) + " more bytes, found " + (bytes.byteSize() - at) + "; the file is cut short or damaged"
          : "expected a pickle of at most " + MAX_BYTES + " bytes, found a longer one; save the tensors alone, without what else there is");
    }
    long from = at;
    at += count;
    return from;
  }

  int unsignedByte() throws TensorFileException {
    return bytes.get(ValueLayout.JAVA_BYTE, take(1)) & 0xFF;
  }

  int unsignedShort() throws TensorFileException {
    return bytes.get(SHORT, take(2)) & 0xFFFF;
  }

  int signedInt() throws TensorFileException {
    return bytes.get(INT, take(4));
  }

  long unsignedInt() throws TensorFileException {
    return Integer.toUnsignedLong(signedInt());
  }

  /** Negative if it was 2^63 or more. */
  long signedLong() throws TensorFileException {
    return bytes.get(LONG, take(8));
  }

  double bigEndianDouble() throws TensorFileException {
    return bytes.get(DOUBLE, take(8));
  }

  void skip(long count) throws TensorFileException {
    take(count);
  }

  /** A whole number in two's complement, the lowest byte first. */
  BigInteger number(long byteCount) throws TensorFileException {
    if (byteCount < 0 || byteCount > MAX_LINE) {
      throw wrong(at, "expected a number of at most " + MAX_LINE + " bytes, found one of " + Long.toUnsignedString(byteCount));
    }
    byte[] digits = new byte[1 + (int) byteCount];
    long from = take(byteCount);
    for (int i = 0; i < byteCount; i++) {
      digits[(int) byteCount - i] = bytes.get(ValueLayout.JAVA_BYTE, from + i);
    }
    digits[0] = (byte) (byteCount > 0 ? digits[1] >> 7 : 0);
    return new BigInteger(digits);
  }

  /** A whole number in digits, and a line's end. */
  BigInteger digits() throws TensorFileException {
    long from = at;
    String line = line();
    try {
      return new BigInteger(line.endsWith("L") ? line.substring(0, line.length() - 1) : line);
    } catch (NumberFormatException e) {
      throw wrong(from, "expected a whole number, found " + line);
    }
  }

  /** A number in digits, and a line's end. */
  double decimal() throws TensorFileException {
    long from = at;
    String line = line();
    try {
      return Double.parseDouble(line);
    } catch (NumberFormatException e) {
      throw wrong(from, "expected a number, found " + line);
    }
  }

  String text(long byteCount) throws TensorFileException {
    return decode(take(byteCount), byteCount, StandardCharsets.UTF_8);
  }

  /** Text of Python 2, whose characters had eight bits. */
  String oldText(long byteCount) throws TensorFileException {
    return decode(take(byteCount), byteCount, StandardCharsets.ISO_8859_1);
  }

  /** Up to the end of the line, which is taken too. */
  String line() throws TensorFileException {
    long from = at;
    while (at - from <= MAX_LINE) {
      if (unsignedByte() == '\n') {
        return decode(from, at - 1 - from, StandardCharsets.UTF_8);
      }
    }
    throw wrong(from, "expected a line of at most " + MAX_LINE + " bytes, found a longer one");
  }

  private String decode(long from, long count, Charset charset) throws TensorFileException {
    try {
      return charset.newDecoder().decode(bytes.asSlice(from, count).asByteBuffer()).toString();
    } catch (CharacterCodingException e) {
      throw new TensorFileException(where + ": byte " + from + ": expected text in UTF-8, found bytes that are not", e);
    }
  }
}
