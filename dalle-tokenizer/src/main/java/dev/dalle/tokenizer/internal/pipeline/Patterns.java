package dev.dalle.tokenizer.internal.pipeline;

import dev.dalle.tokenizer.internal.spec.PatternSpec;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Regular expressions of tokenizer files, which are written for Oniguruma, as the JDK's. */
final class Patterns {
  /** There, ^ and $ stand at every line, and a line ends with a line feed and nothing else. */
  private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE | Pattern.MULTILINE | Pattern.UNIX_LINES;

  private Patterns() {}

  /**
   * Compiles.
   *
   * @throws IllegalArgumentException if the expression is none, or means something else to the JDK
   */
  static Pattern compile(PatternSpec spec) {
    if (!spec.regex()) {
      return Pattern.compile(spec.text(), Pattern.LITERAL);
    }
    String text = spec.text();
    for (String foreign : new String[] {"[[:", "\\h", "\\H", "\\p{^", "\\K", "\\y", "\\Y", "\\O", "\\g<", "(?~"}) {
      if (text.contains(foreign)) {
        throw new IllegalArgumentException("the regular expression " + text + " has " + foreign + ", which is not supported");
      }
    }
    try {
      return Pattern.compile(scripts(text), FLAGS);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException("the regular expression " + text + " is not supported: " + e.getDescription() + " near index " + e.getIndex(), e);
    }
  }

  /** Scripts are {@code \p{Han}} there and {@code \p{IsHan}} here. */
  private static String scripts(String text) {
    return text.replaceAll("\\\\([pP])\\{([A-Z][a-z]{2,}(?:_[A-Z][a-z]+)*)\\}", "\\\\$1{Is$2}");
  }
}
