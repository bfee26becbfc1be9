package dev.dalle.tokenizer.internal.text;

import java.util.List;

/**
 * One after the other.
 *
 * @param parts in order
 */
public record NormalizerSequence(List<Normalizer> parts) implements Normalizer {
  /** Copies the list. */
  public NormalizerSequence {
    parts = List.copyOf(parts);
  }

  @Override
  public boolean leaves(String text) {
    for (Normalizer part : parts) {
      if (!part.leaves(text)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void apply(String text, RewrittenText out) {
    RewrittenText now = RewrittenText.original(text);
    for (Normalizer part : parts) {
      RewrittenText next = now.next();
      part.apply(now.text(), next);
      now = next;
    }
    String result = now.text();
    for (int i = 0; i < result.length(); i++) {
      out.put(result.substring(i, i + 1), now.start(i), now.end(i));
    }
  }

  @Override
  public String apply(String text) {
    String now = text;
    for (Normalizer part : parts) {
      now = part.apply(now);
    }
    return now;
  }
}
