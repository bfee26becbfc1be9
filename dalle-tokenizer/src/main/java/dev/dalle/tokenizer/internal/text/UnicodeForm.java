package dev.dalle.tokenizer.internal.text;

import java.text.Normalizer.Form;

/**
 * One of the four Unicode normalization forms, of the running JDK's Unicode version.
 *
 * @param form which
 */
public record UnicodeForm(Form form) implements Normalizer {
  @Override
  public boolean leaves(String text) {
    // The compatibility forms change some of the signs from U+00A0 on, the decompositions letters from U+00C0 on, and composition begins at U+0300.
    int safe = form == Form.NFC ? 0x300 : form == Form.NFD ? 0xC0 : 0xA0;
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= safe) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void apply(String text, RewrittenText out) {
    String whole = java.text.Normalizer.normalize(text, form);
    // Part by part, so that each char's origin is known; parts are cut where nothing before and after can combine.
    int at = 0;
    for (int from = 0; from < text.length(); ) {
      int to = partEnd(text, from);
      String part = java.text.Normalizer.normalize(text.substring(from, to), form);
      if (!whole.startsWith(part, at)) {
        out.put(whole.substring(at), from, text.length());
        return;
      }
      out.put(part, from, to);
      at += part.length();
      from = to;
    }
  }

  private static int partEnd(String text, int from) {
    int i = from + Character.charCount(text.codePointAt(from));
    while (i < text.length() && combines(text.codePointAt(i))) {
      i += Character.charCount(text.codePointAt(i));
    }
    return i;
  }

  /** Whether a code point may combine with the one before it: marks, and the medial and final letters of Hangul. */
  private static boolean combines(int codePoint) {
    int type = Character.getType(codePoint);
    return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK || type == Character.ENCLOSING_MARK
        || codePoint >= 0x1160 && codePoint <= 0x11FF;
  }
}
