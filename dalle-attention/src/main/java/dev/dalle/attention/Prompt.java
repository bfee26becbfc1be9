package dev.dalle.attention;

import java.util.Objects;

/**
 * What images are drawn for. The arrays are used, not copied.
 *
 * @param caption text tokens, without start and padding
 * @param imagePrefix the image's first tokens in raster order, which are kept as they are; empty to draw the whole image, whole rows of a picture to
 *     complete it (Ramesh et al. 2021, section 3.3: the upper 15 of 32 rows)
 */
public record Prompt(int[] caption, int[] imagePrefix) {
  /** Checks that both are there. */
  public Prompt {
    Objects.requireNonNull(caption, "caption");
    Objects.requireNonNull(imagePrefix, "image prefix");
  }

  /** A caption alone. */
  public static Prompt of(int[] caption) {
    return new Prompt(caption, new int[0]);
  }

  /** Checks lengths and tokens. */
  void check(TransformerConfig config, int index) {
    TokenBatch.checkCaption(config, "caption " + index, caption);
    if (imagePrefix.length > config.imageLength()) {
      throw new IllegalArgumentException("image prefix " + index + ": expected at most the " + config.imageLength() + " tokens of a grid of side "
          + config.gridSide() + ", got " + imagePrefix.length);
    }
    TokenBatch.checkTokens("image prefix " + index, imagePrefix, config.imageVocabulary());
  }
}
