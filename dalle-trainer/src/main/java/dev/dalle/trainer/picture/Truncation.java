package dev.dalle.trainer.picture;

import java.util.List;
import java.util.Locale;

/** Finds the files that a lenient decoder reads although they end early. */
final class Truncation {
  private Truncation() {}

  static void check(PictureFormat format, byte[] file, String name, List<String> warnings) {
    for (String warning : warnings) {
      String text = warning.toLowerCase(Locale.ROOT);
      // A colour profile may be damaged in whatever way: it is not applied.
      if (!text.contains("icc profile") && (text.contains("premature") || text.contains("truncated") || text.contains("unexpected end"))) {
        throw truncated(format, file, name, warning);
      }
    }
    switch (format) {
      case PNG -> {
        if (!endsWith(file, 'I', 'E', 'N', 'D')) {
          throw truncated(format, file, name, "no closing IEND chunk");
        }
      }
      case GIF -> {
        if (!GifLayout.of(file).complete()) {
          throw truncated(format, file, name, "no closing trailer");
        }
      }
      case WEBP -> {
        long promised = (file[4] & 0xffL | (file[5] & 0xffL) << 8 | (file[6] & 0xffL) << 16 | (file[7] & 0xffL) << 24) + 8;
        if (promised > file.length) {
          throw truncated(format, file, name, "the header promises " + promised + " bytes");
        }
      }
      case JPEG -> {
        // The decoder's warning is the only sure sign: bytes after the end are allowed, and a thumbnail has an end of its own.
      }
    }
  }

  private static PictureException truncated(PictureFormat format, byte[] file, String name, String sign) {
    return new PictureException(name + ": is a truncated " + format + " file of " + file.length + " bytes (" + sign
        + "); download or export it again, or leave it out");
  }

  /** Whether the name of the last chunk lies near the end; a few bytes may follow it. */
  private static boolean endsWith(byte[] file, int... tag) {
    for (int at = file.length - tag.length; at >= 0; at--) {
      boolean same = true;
      for (int i = 0; same && i < tag.length; i++) {
        same = file[at + i] == tag[i];
      }
      if (same) {
        return true;
      }
    }
    return false;
  }
}
