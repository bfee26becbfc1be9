package dev.dalle.tokenizer.internal.spec;

import java.util.List;

/**
 * Tokens that are put around every text when that is asked for.
 *
 * @param before ids in front
 * @param after ids behind
 */
public record TemplateSpec(List<Integer> before, List<Integer> after) {
  /** Nothing. */
  public static final TemplateSpec NONE = new TemplateSpec(List.of(), List.of());

  /** Copies both. */
  public TemplateSpec {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }
}
