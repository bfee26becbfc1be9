package dev.dalle.tokenizer.internal.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text for regular expressions of other people's files, counting how often its chars are looked at: an expression that backtracks without end fails, so that
 * neither a hostile file nor an unlucky text hangs the program.
 */
public final class BoundedText implements CharSequence {
  /** How often each char may be looked at, on average; ordinary expressions need about five. */
  private static final long LOOKS_PER_CHAR = 2000;

  private final CharSequence text;
  private long looksLeft;

  private BoundedText(CharSequence text) {
    this.text = text;
    this.looksLeft = LOOKS_PER_CHAR * (text.length() + 100L);
  }

  /** A matcher of the text that throws {@link IllegalArgumentException} when it looks too often. */
  public static Matcher matcher(Pattern pattern, CharSequence text) {
    return pattern.matcher(new BoundedText(text));
  }

  @Override
  public char charAt(int index) {
    if (--looksLeft < 0) {
      throw new IllegalArgumentException("text: a regular expression of the tokenizer takes more than " + LOOKS_PER_CHAR + " looks a char on a text of "
          + text.length() + " chars; it backtracks without end, use another tokenizer file");
    }
    return text.charAt(index);
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return text.subSequence(start, end);
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
