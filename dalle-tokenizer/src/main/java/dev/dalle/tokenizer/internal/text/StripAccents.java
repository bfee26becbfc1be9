package dev.dalle.tokenizer.internal.text;

/** Removes combining marks; after a decomposition this takes the accents off letters. */
public record StripAccents() implements Normalizer {
  @Override
  public boolean leaves(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x300) {
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
      int type = Character.getType(codePoint);
      if (type != Character.NON_SPACING_MARK && type != Character.COMBINING_SPACING_MARK && type != Character.ENCLOSING_MARK) {
        out.copy(text, i, next);
      }
      i = next;
    }
  }
}
