package dev.dalle.trainer.picture;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Texts inside PNG files. They are written as iTXt chunks, not compressed and in UTF-8, before the pixels; read are such chunks and tEXt, which is
 * Latin-1. Compressed text is passed over: what unpacks to any size is not unpacked. Source: PNG Specification, third edition (W3C 2025), sections 5.3
 * and 11.3.3.
 */
final class PngText {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  /** Length and type before the data of a chunk, and the check sum after it. */
  private static final int FRAME = 12;
  /** Bytes of the first chunk, whose size is fixed. */
  private static final int HEADER = FRAME + 13;
  private static final int LONGEST_KEY = 79;
  /** Longer texts are passed over. */
  private static final int MOST_BYTES = 1 << 20;

  private PngText() {}

  /**
   * A PNG file with texts.
   *
   * @param png a file that has none of these keys
   * @throws IllegalArgumentException if a key or a text cannot be stored
   */
  static byte[] with(Map<String, String> texts, byte[] png) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(png, 0, SIGNATURE.length + HEADER);
    texts.forEach((key, text) -> out.writeBytes(chunk(key, text)));
    out.write(png, SIGNATURE.length + HEADER, png.length - SIGNATURE.length - HEADER);
    return out.toByteArray();
  }

  private static byte[] chunk(String key, String text) {
    checkKey(key);
    byte[] name = key.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer utf8 = utf8(key, text);
    if (utf8.remaining() > MOST_BYTES) {
      throw new IllegalArgumentException("text " + key + ": expected at most " + MOST_BYTES + " bytes, got " + utf8.remaining());
    }
    // After the name: its end, not compressed, the method of no compression, no language, no translation of the name.
    int length = name.length + 5 + utf8.remaining();
    ByteBuffer chunk = ByteBuffer.allocate(FRAME + length).putInt(length).put("iTXt".getBytes(StandardCharsets.US_ASCII));
    chunk.put(name).put(new byte[5]).put(utf8);
    return chunk.putInt(checkSum(chunk.array(), 0, length)).array();
  }

  /** Printable Latin-1 without spaces at the ends or beside each other, of 1 to 79 characters. */
  private static void checkKey(String key) {
    boolean printable = key.chars().allMatch(c -> c >= 0x20 && c <= 0x7e || c >= 0xa1 && c <= 0xff);
    if (!printable || key.isEmpty() || key.length() > LONGEST_KEY || !key.strip().equals(key) || key.contains("  ")) {
      throw new IllegalArgumentException("text: expected a key of 1 to " + LONGEST_KEY
          + " printable characters of Latin-1 without outer or double spaces, got \"" + key + "\"");
    }
  }

  private static ByteBuffer utf8(String key, String text) {
    CharsetEncoder strict = StandardCharsets.UTF_8.newEncoder();
    try {
      if (text.indexOf('\0') < 0) {
        return strict.encode(CharBuffer.wrap(text));
      }
    } catch (CharacterCodingException e) {
      // Half a pair of surrogates, which UTF-8 does not have: the same message.
    }
    throw new IllegalArgumentException("text " + key + ": has a character that a PNG file cannot store: number 0 or half a pair of surrogates");
  }

  /**
   * The texts of a PNG file, in their order; of several with one key the first. Those that are compressed, longer than a million bytes or no text are
   * left out.
   *
   * @param name what to call the file in an error message
   * @throws PictureException if it is no PNG file, ends early or is damaged before its pixels end
   */
  static Map<String, String> of(byte[] png, String name) {
    if (png.length < SIGNATURE.length || !Arrays.equals(SIGNATURE, Arrays.copyOf(png, SIGNATURE.length))) {
      throw new PictureException(name + ": is not a PNG file; texts are read from PNG files only");
    }
    Map<String, String> texts = new LinkedHashMap<>();
    ByteBuffer bytes = ByteBuffer.wrap(png);
    int at = SIGNATURE.length;
    while (true) {
      long length = png.length - at < FRAME ? Long.MAX_VALUE : bytes.getInt(at) & 0xffffffffL;
      if (length > png.length - at - FRAME) {
        throw new PictureException(name + ": is a truncated PNG file of " + png.length + " bytes; download or export it again");
      }
      if (bytes.getInt(at + 8 + (int) length) != checkSum(png, at, (int) length)) {
        throw new PictureException(name + ": is a damaged PNG file: the check sum of the chunk at byte " + at + " is wrong; download or export it again");
      }
      String type = new String(png, at + 4, 4, StandardCharsets.ISO_8859_1);
      if (type.equals("IEND")) {
        return texts;
      }
      if (length <= LONGEST_KEY + 5 + MOST_BYTES) {
        add(type, Arrays.copyOfRange(png, at + 8, at + 8 + (int) length), texts);
      }
      at += FRAME + (int) length;
    }
  }

  private static void add(String type, byte[] data, Map<String, String> texts) {
    int end = indexOfZero(data, 0);
    if (end < 0) {
      return;
    }
    String key = new String(data, 0, end, StandardCharsets.ISO_8859_1);
    switch (type) {
      case "tEXt" -> texts.putIfAbsent(key, new String(data, end + 1, data.length - end - 1, StandardCharsets.ISO_8859_1));
      case "iTXt" -> international(data, end).ifPresent(text -> texts.putIfAbsent(key, text));
      default -> {}
    }
  }

  /** The text of an iTXt chunk whose key ends before {@code end}. */
  private static Optional<String> international(byte[] data, int end) {
    boolean compressed = end + 1 >= data.length || data[end + 1] != 0;
    int language = indexOfZero(data, end + 3);
    int translation = language < 0 ? -1 : indexOfZero(data, language + 1);
    if (compressed || translation < 0) {
      return Optional.empty();
    }
    try {
      ByteBuffer utf8 = ByteBuffer.wrap(data, translation + 1, data.length - translation - 1);
      return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(utf8).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  private static int indexOfZero(byte[] data, int from) {
    for (int i = from; i < data.length; i++) {
      if (data[i] == 0) {
        return i;
      }
    }
    return -1;
  }

  /** Over type and data of the chunk that begins at {@code at}. */
  private static int checkSum(byte[] png, int at, int length) {
    CRC32 sum = new CRC32();
    sum.update(png, at + 4, 4 + length);
    return (int) sum.getValue();
  }
}
