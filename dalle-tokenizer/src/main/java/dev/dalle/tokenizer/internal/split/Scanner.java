package dev.dalle.tokenizer.internal.split;

/** A rule whose pieces follow each other without gaps, each found by looking at the chars from its beginning on. */
public abstract class Scanner implements Splitter {
  /** For the subclasses of this package. */
  Scanner() {}

  /** The end of the piece that begins at {@code from}, which is less than {@code to}. */
  abstract int end(char[] text, int from, int to);

  @Override
  public final Cursor cursor(char[] text, int from, int to) {
    return new Cursor() {
      private int start = from;
      private int end = from;

      @Override
      public boolean next() {
        if (end == to) {
          return false;
        }
        start = end;
        end = Scanner.this.end(text, start, to);
        return true;
      }

      @Override
      public int start() {
        return start;
      }

      @Override
      public int end() {
        return end;
      }
    };
  }

  /** The end of the run of code points that have any of the properties. */
  static int runOf(int properties, char[] text, int from, int to) {
    int i = from;
    while (i < to) {
      char c = text[i];
      if (!Character.isSurrogate(c)) {
        if ((CharClass.of(c) & properties) == 0) {
          return i;
        }
        i++;
      } else {
        int codePoint = Character.codePointAt(text, i, to);
        if ((CharClass.of(codePoint) & properties) == 0) {
          return i;
        }
        i += Character.charCount(codePoint);
      }
    }
    return i;
  }

  /** The end of the run of code points that have none of the properties. */
  static int runWithout(int properties, char[] text, int from, int to) {
    int i = from;
    while (i < to) {
      int codePoint = Character.codePointAt(text, i, to);
      if ((CharClass.of(codePoint) & properties) != 0) {
        return i;
      }
      i += Character.charCount(codePoint);
    }
    return i;
  }

  /** The end of a number whose first numeral ends at {@code from}, with at most so many of them. */
  static int numerals(char[] text, int from, int to, int most) {
    int end = from;
    for (int count = 1; count < most && end < to; count++) {
      int codePoint = Character.codePointAt(text, end, to);
      if ((CharClass.of(codePoint) & CharClass.NUMBER) == 0) {
        break;
      }
      end += Character.charCount(codePoint);
    }
    return end;
  }

  /**
   * White space by {@code \s+(?!\S)|\s+}: the whole run at the end of the text, else all but its last char, which then may go with the word after it; a run
   * of one stays as it is. White space is never a surrogate.
   *
   * @param end of the run that begins at from
   */
  static int whiteSpace(int from, int end, int to) {
    return end == to || end - from == 1 ? end : end - 1;
  }

  /**
   * The end of an English contraction ({@code 's 't 're 've 'm 'll 'd}) at {@code from}, or {@code from} if there is none.
   *
   * @param anyCase whether capitals count, and the long s, which is an s in any case
   */
  static int contraction(char[] text, int from, int to, boolean anyCase) {
    if (text[from] != '\'' || from + 1 >= to) {
      return from;
    }
    char first = fold(text[from + 1], anyCase);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return from + 2;
    }
    if (from + 2 < to) {
      char second = fold(text[from + 2], anyCase);
      if ((first == 'r' || first == 'v') && second == 'e' || first == 'l' && second == 'l') {
        return from + 3;
      }
    }
    return from;
  }

  private static char fold(char c, boolean anyCase) {
    if (!anyCase) {
      return c;
    }
    return c == '\u017F' ? 's' : c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
  }
}
