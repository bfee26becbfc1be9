package dev.dalle.trainer.picture;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The file formats that are read, told apart by their first bytes; the name of a file says nothing. */
enum PictureFormat {
  PNG("png"),
  JPEG("jpeg"),
  GIF("gif"),
  WEBP("webp");

  /** First bytes needed to tell. */
  static final int SIGNATURE = 16;

  private final String readerName;

  PictureFormat(String readerName) {
    this.readerName = readerName;
  }

  /** The name under which ImageIO knows its readers. */
  String readerName() {
    return readerName;
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
