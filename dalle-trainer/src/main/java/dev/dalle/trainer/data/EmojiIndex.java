package dev.dalle.trainer.data;

import java.util.List;

/**
 * What a rendered cache says about its pixels; stored as JSON at its end.
 *
 * @param examples in order
 * @param failures drawings that could not be rendered
 * @param licences of the styles
 * @param withdrawn drawings left out since their set hides them
 * @param sameByAlias names left out since they are aliases of a drawing
 * @param sameByBody drawings left out since they equal an earlier one of their style
 */
record EmojiIndex(List<Entry> examples, List<Failure> failures, List<Terms> licences, int withdrawn, int sameByAlias, int sameByBody) {
  EmojiIndex {
    examples = List.copyOf(examples);
    failures = List.copyOf(failures);
    licences = List.copyOf(licences);
  }

  /**
   * One example.
   *
   * @param slot place of its pixels, counted in pictures
   * @param style its style
   * @param id unique
   * @param name in words
   * @param caption in words
   */
  record Entry(int slot, EmojiStyle style, String id, String name, String caption) {}

  /**
   * One drawing that is missing.
   *
   * @param id which
   * @param reason why
   */
  record Failure(String id, String reason) {}

  /**
   * Licence of one style.
   *
   * @param style which
   * @param licence on what terms
   */
  record Terms(EmojiStyle style, EmojiSet.Licence licence) {}
}
