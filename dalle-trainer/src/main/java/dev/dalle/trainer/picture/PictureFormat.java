package dev.dalle.trainer.picture;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The file formats that are read, told apart by their first bytes; the name of a file says nothing. */
enum PictureFormat {
  /** Deflate makes at most 1032 bytes of one, of 8 pixels each. */
  PNG("png", 8 * 1032),
  /** The shortest code of a block of 8 x 8 pixels is a bit. */
  JPEG("jpeg", 8 * 64),
  /** A code of 12 bits stands for less than 4096 pixels. */
  GIF("gif", 4096 * 8 / 12),
  /** A picture of one colour takes no bits a pixel. */
  WEBP("webp", Integer.MAX_VALUE);

  /** First bytes needed to tell. */
  static final int SIGNATURE = 16;

  private final String readerName;
  private final long mostPixelsPerByte;

  PictureFormat(String readerName, long mostPixelsPerByte) {
    this.readerName = readerName;
    this.mostPixelsPerByte = mostPixelsPerByte;
  }

  /** The name under which ImageIO knows its readers. */
  String readerName() {
    return readerName;
  }

  /** Pixels that a file of so many bytes may have; more than it says is a damaged header, or one made to exhaust memory. */
  long mostPixels(int bytes) {
    return mostPixelsPerByte * bytes;
  }

  static Optional<PictureFormat> of(byte[] head) {
    if (starts(head, 0, 0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a)) {
      return Optional.of(PNG);
    }
    if (starts(head, 0, 0xff, 0xd8, 0xff)) {
      return Optional.of(JPEG);
    }
    if (starts(head, 0, 'G', 'I', 'F', '8')) {
      return Optional.of(GIF);
    }
    if (starts(head, 0, 'R', 'I', 'F', 'F') && starts(head, 8, 'W', 'E', 'B', 'P')) {
      return Optional.of(WEBP);
    }
    return Optional.empty();
  }

  /** Which other picture format the bytes are, of those that a data set is most likely to hold. */
  static Optional<String> other(byte[] head) {
    if (starts(head, 4, 'f', 't', 'y', 'p')) {
      return starts(head, 8, 'a', 'v', 'i') ? Optional.of("AVIF")
          : starts(head, 8, 'h', 'e') || starts(head, 8, 'm', 'i', 'f', '1') ? Optional.of("HEIC") : Optional.empty();
    }
    if (starts(head, 0, 'I', 'I', 42, 0) || starts(head, 0, 'M', 'M', 0, 42)) {
      return Optional.of("TIFF");
    }
    if (starts(head, 0, 0xff, 0x0a) || starts(head, 0, 0, 0, 0, 12, 'J', 'X', 'L', ' ')) {
      return Optional.of("JPEG XL");
    }
    if (starts(head, 0, 0, 0, 0, 12, 'j', 'P', ' ', ' ')) {
      return Optional.of("JPEG 2000");
    }
    if (starts(head, 0, '8', 'B', 'P', 'S')) {
      return Optional.of("Photoshop");
    }
    return starts(head, 0, 'B', 'M') && starts(head, 6, 0, 0, 0, 0) ? Optional.of("BMP") : Optional.empty();
  }

  /** What bytes that are no picture look like, for an error message. */
  static String describe(byte[] head) {
    if (head.length == 0) {
      return "an empty file";
    }
    String text = new String(head, 0, Math.min(head.length, SIGNATURE), StandardCharsets.ISO_8859_1);
    if (text.stripLeading().startsWith("<")) {
      return "markup beginning \"" + text.strip() + "\"";
    }
    if (text.chars().allMatch(c -> c >= 0x20 && c < 0x7f || c == '\n' || c == '\r' || c == '\t')) {
      return "text beginning \"" + text.strip() + "\"";
    }
    StringBuilder hex = new StringBuilder("bytes beginning");
    for (byte b : Arrays.copyOf(head, Math.min(head.length, 8))) {
      hex.append(String.format(" %02x", b));
    }
    return hex.toString();
  }

  private static boolean starts(byte[] head, int at, int... expected) {
    if (head.length < at + expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if ((head[at + i] & 0xff) != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
