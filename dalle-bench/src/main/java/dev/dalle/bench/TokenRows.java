package dev.dalle.bench;

import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.TransformerConfig;

/** A batch of tokens as indices into libtorch's tables: which vector each state is given, which states predict, and what. */
final class TokenRows {
  /** {@code [B, T]}: rows of start, then tokens, then padding. */
  final int[] text;
  /** {@code [B, T]}: 1 where the vector of the position is added, which is everywhere but in the padding. */
  final float[] textPositions;
  /** {@code [B, W * W]}: rows of start, then tokens. */
  final int[] image;
  final int[] textStates;
  final int[] textTargets;
  final int[] imageStates;
  final int[] imageTargets;

  TokenRows(TransformerConfig config, TokenBatch tokens) {
    int length = config.textLength();
    int cells = config.imageLength();
    text = new int[tokens.size() * length];
    textPositions = new float[text.length];
    image = new int[tokens.size() * cells];
    textStates = new int[tokens.textTokenCount()];
    textTargets = new int[textStates.length];
    imageStates = new int[image.length];
    imageTargets = new int[image.length];
    int predicted = 0;
    for (int b = 0; b < tokens.size(); b++) {
      int[] caption = tokens.captions()[b];
      for (int s = 0; s < length; s++) {
        boolean padding = s > caption.length;
        text[b * length + s] = padding ? 1 + config.textVocabulary() + s : s == 0 ? 0 : 1 + caption[s - 1];
        textPositions[b * length + s] = padding ? 0 : 1;
      }
      for (int i = 0; i < caption.length; i++) {
        textStates[predicted] = b * config.length() + i;
        textTargets[predicted++] = caption[i];
      }
      for (int c = 0; c < cells; c++) {
        image[b * cells + c] = c == 0 ? 0 : 1 + tokens.images()[b][c - 1];
        imageStates[b * cells + c] = b * config.length() + length + c;
        imageTargets[b * cells + c] = tokens.images()[b][c];
      }
    }
  }
}
