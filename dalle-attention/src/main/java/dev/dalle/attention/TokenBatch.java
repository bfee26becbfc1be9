package dev.dalle.attention;

import java.util.Objects;

/**
 * Captions and images as tokens, on the host. The arrays are used, not copied: leave them unchanged while the batch is in use.
 *
 * @param captions {@code [B][n]}: the tokens of each caption, 0 or more, without start and padding
 * @param images {@code [B][W * W]}: the tokens of each image in raster order
 */
public record TokenBatch(int[][] captions, int[][] images) {
  /** Checks that there are as many captions as images, and at least one. */
  public TokenBatch {
    Objects.requireNonNull(captions, "captions");
    Objects.requireNonNull(images, "images");
    if (captions.length != images.length || captions.length == 0) {
      throw new IllegalArgumentException("images: expected one for each of 1 or more captions, got " + captions.length + " captions and "
          + images.length + " images");
    }
  }

  /** Number of examples. */
  public int size() {
    return captions.length;
  }

  /** Number of real text tokens of all captions. */
  public int textTokenCount() {
    int count = 0;
    for (int[] caption : captions) {
      count += caption.length;
    }
    return count;
  }

  /**
   * Checks lengths and tokens.
   *
   * @throws IllegalArgumentException naming the example, what was expected and what was found
   */
  void check(TransformerConfig config) {
    for (int b = 0; b < captions.length; b++) {
      checkCaption(config, "caption " + b, captions[b]);
      if (images[b].length != config.imageLength()) {
        throw new IllegalArgumentException("image " + b + ": expected " + config.imageLength() + " tokens of a grid of side " + config.gridSide()
            + ", got " + images[b].length);
      }
      checkTokens("image " + b, images[b], config.imageVocabulary());
    }
  }

  static void checkCaption(TransformerConfig config, String name, int[] caption) {
    if (caption.length > config.maxCaptionLength()) {
      throw new IllegalArgumentException(name + ": expected at most " + config.maxCaptionLength() + " tokens (" + config.textLength()
          + " text states, one of which is the start), got " + caption.length + "; cut it first");
    }
    checkTokens(name, caption, config.textVocabulary());
  }

  static void checkTokens(String name, int[] tokens, int vocabulary) {
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabulary) {
        throw new IllegalArgumentException(name + ": token " + i + " is " + tokens[i] + ", the vocabulary has 0 to " + (vocabulary - 1));
      }
    }
  }
}
