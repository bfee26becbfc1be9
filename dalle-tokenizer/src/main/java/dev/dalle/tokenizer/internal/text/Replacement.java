package dev.dalle.tokenizer.internal.text;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces every match of an expression, or every occurrence of a string, by a fixed text.
 *
 * @param pattern what is replaced
 * @param content what stands there afterwards, word for word
 */
public record Replacement(Pattern pattern, String content) implements Normalizer {
  @Override
  public boolean leaves(String text) {
    return false;
  }

  @Override
  public void apply(String text, RewrittenText out) {
    Matcher matcher = BoundedText.matcher(pattern, text);
    int done = 0;
    while (matcher.find()) {
      out.copy(text, done, matcher.start());
      out.put(content, matcher.start(), matcher.end());
      done = matcher.end();
    }
    out.copy(text, done, text.length());
  }
}
