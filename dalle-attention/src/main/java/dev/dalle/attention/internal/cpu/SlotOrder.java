package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionPattern;
import java.util.Arrays;

/** In which order states are worked on, so that a pattern's pairs lie close together: text first, then the image by rows, or by columns for the column pattern. */
final class SlotOrder {
  private SlotOrder() {}

  /**
   * The state of each slot, -1 for a slot of padding.
   *
   * @param states the first states of the pattern's stream
   * @param imageUnit the image begins at a multiple of this
   * @param unit the number of slots is a multiple of this
   */
  static int[] of(AttentionPattern pattern, int states, int imageUnit, int unit) {
    int text = Math.min(pattern.textLength(), states);
    int image = states - text;
    int imageAt = roundUp(text, imageUnit);
    int[] slots = new int[roundUp(imageAt + image, unit)];
    Arrays.fill(slots, -1);
    for (int i = 0; i < text; i++) {
      slots[i] = i;
    }
    int side = pattern.gridSide();
    int next = imageAt;
    for (int i = 0; i < pattern.imageLength(); i++) {
      int cell = switch (pattern) {
        case AttentionPattern.Column column -> i % side * side + i / side;
        case AttentionPattern.Row row -> i;
        case AttentionPattern.Convolution convolution -> i;
        case AttentionPattern.DenseCausal dense -> i;
        case AttentionPattern.Bidirectional all -> i;
      };
      if (cell < image) {
        slots[next++] = text + cell;
      }
    }
    return slots;
  }

  private static int roundUp(int count, int unit) {
    return (count + unit - 1) / unit * unit;
  }
}
