package dev.dalle.attention;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The patterns of a stack of attention layers: the last layer is convolutional; of the others, numbered from 1, layer i attends by column if
 * (i - 2) mod 4 = 0 and by row otherwise. Source: Ramesh et al. 2021, arXiv 2102.12092, appendix B.1.
 *
 * @param layers number of attention layers, 1 or more
 * @param textLength number of text states
 * @param gridSide side of the image grid
 * @param kernel side of the last layer's neighbourhood, 11 in the paper: odd, at most the grid's side
 */
public record LayerPattern(int layers, int textLength, int gridSide, int kernel) {
  /** Checks the sizes. */
  public LayerPattern {
    if (layers < 1) {
      throw new IllegalArgumentException("layers: expected 1 or more, got " + layers);
    }
    new AttentionPattern.Convolution(textLength, gridSide, kernel);
  }

  /**
   * The pattern of a layer.
   *
   * @param layer from 1 to {@link #layers()}, as the paper counts
   */
  public AttentionPattern pattern(int layer) {
    if (layer < 1 || layer > layers) {
      throw new IllegalArgumentException("layer: expected 1 to " + layers + ", got " + layer);
    }
    if (layer == layers) {
      return new AttentionPattern.Convolution(textLength, gridSide, kernel);
    }
    return layer % 4 == 2 ? new AttentionPattern.Column(textLength, gridSide) : new AttentionPattern.Row(textLength, gridSide);
  }

  /** The patterns of all layers, the first one first. */
  public List<AttentionPattern> all() {
    return IntStream.rangeClosed(1, layers).mapToObj(this::pattern).toList();
  }
}
