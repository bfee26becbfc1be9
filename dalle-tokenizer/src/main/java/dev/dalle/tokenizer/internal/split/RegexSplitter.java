package dev.dalle.tokenizer.internal.split;

import dev.dalle.tokenizer.internal.text.BoundedText;
import java.nio.CharBuffer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Pieces by a regular expression: its matches, the text between them, or both.
 */
public final class RegexSplitter implements Splitter {
  /** What becomes of the matches: the names are those of Hugging Face's {@code Split}. */
  public enum Behavior {
    /** Matches go, what is between them stays. */
    REMOVED,
    /** Matches and what is between them are pieces. */
    ISOLATED,
    /** A match ends the piece before it. */
    MERGED_WITH_PREVIOUS,
    /** A match begins the piece after it. */
    MERGED_WITH_NEXT,
    /** As isolated, but matches that touch are one piece. */
    CONTIGUOUS
  }

  private final Pattern pattern;
  private final Behavior behavior;
  private final boolean inverted;

  /**
   * A rule.
   *
   * @param inverted whether the text between matches counts as match, and the matches as what is between
   */
  public RegexSplitter(Pattern pattern, Behavior behavior, boolean inverted) {
    this.pattern = pattern;
    this.behavior = behavior;
    this.inverted = inverted;
  }

  @Override
  public Cursor cursor(char[] text, int from, int to) {
    return new RegexCursor(BoundedText.matcher(pattern, CharBuffer.wrap(text, from, to - from)), from, to);
  }

  /** Stretches of the text, each a match or not, joined as the behavior says. */
  private final class RegexCursor implements Cursor {
    private final Matcher matcher;
    private final int base;
    private final int to;
    // The stretch that comes next: [at, stretchEnd), and whether it counts as match.
    private int at;
    private int stretchEnd;
    private boolean stretchMatches;
    // The match that was found and has not become a stretch yet, or none.
    private int matchStart;
    private int matchEnd;
    private int start;
    private int end;

    RegexCursor(Matcher matcher, int from, int to) {
      this.matcher = matcher;
      this.base = from;
      this.to = to;
      at = from;
      end = from;
      find();
      stretch();
    }

    private void find() {
      while (matcher.find()) {
        if (matcher.end() > matcher.start()) {
          matchStart = base + matcher.start();
          matchEnd = base + matcher.end();
          return;
        }
      }
      matchStart = to;
      matchEnd = to;
    }

    private void stretch() {
      if (at == matchStart && at < to) {
        stretchEnd = matchEnd;
        stretchMatches = !inverted;
        find();
      } else {
        stretchEnd = matchStart;
        stretchMatches = inverted;
      }
    }

    /** Takes the coming stretch. */
    private void take() {
      end = stretchEnd;
      at = stretchEnd;
      if (at < to) {
        stretch();
      }
    }

    @Override
    public boolean next() {
      while (behavior == Behavior.REMOVED && at < to && stretchMatches) {
        take();
      }
      if (at == to) {
        return false;
      }
      start = at;
      boolean matches = stretchMatches;
      take();
      switch (behavior) {
        case REMOVED, ISOLATED -> { }
        case MERGED_WITH_PREVIOUS -> {
          if (!matches && at < to && stretchMatches) {
            take();
          }
        }
        case MERGED_WITH_NEXT -> {
          if (matches && at < to && !stretchMatches) {
            take();
          }
        }
        case CONTIGUOUS -> {
          while (at < to && stretchMatches == matches) {
            take();
          }
        }
      }
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
  }
}
