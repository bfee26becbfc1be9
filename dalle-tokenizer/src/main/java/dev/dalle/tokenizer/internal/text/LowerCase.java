package dev.dalle.tokenizer.internal.text;

/**
 * Lower-cases code point by code point and replaces each lone surrogate by U+FFFD. Linear time, and no code point depends on its surroundings: a capital sigma
 * always becomes U+03C3.
 */
public final class LowerCase implements Normalizer {
  private static final char REPLACEMENT = '\uFFFD';
  private static final int CAPITAL_I_WITH_DOT = 0x130;

  @Override
  public boolean leaves(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80 || c >= 'A' && c <= 'Z') {
        return false;
      }
    }
    return true;
  }

  @Override
  public void apply(String text, RewrittenText out) {
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      int next = i + Character.charCount(codePoint);
      if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
        out.putCodePoint(REPLACEMENT, i, next);
      } else if (codePoint == CAPITAL_I_WITH_DOT) {
        // The only code point whose lower case is two code points in every context: i and a combining dot.
        out.put("i\u0307", i, next);
      } else {
        out.putCodePoint(Character.toLowerCase(codePoint), i, next);
      }
      i = next;
    }
  }
}
