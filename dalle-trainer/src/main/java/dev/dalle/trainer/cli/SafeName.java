package dev.dalle.trainer.cli;

import java.text.Normalizer;
import java.util.Locale;

/** File names made from captions. */
final class SafeName {
  private static final int LONGEST = 60;

  private SafeName() {}

  /**
   * A name that every file system takes.
   *
   * @param caption any text
   * @return 1 to 60 letters a-z, digits and single hyphens inside; "picture" if the caption has no letter or digit of ASCII, accents taken off
   */
  static String of(String caption) {
    String plain = Normalizer.normalize(caption, Normalizer.Form.NFD).replaceAll("\\p{M}", "").toLowerCase(Locale.ROOT);
    String name = plain.replaceAll("[^a-z0-9]+", "-").replaceAll("^-", "");
    String cut = name.substring(0, Math.min(LONGEST, name.length())).replaceAll("-$", "");
    return cut.isEmpty() ? "picture" : cut;
  }
}
