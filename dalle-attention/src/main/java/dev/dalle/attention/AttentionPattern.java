package dev.dalle.attention;

import java.util.Objects;

/**
 * Which states of the stream a state may read: text states first, then the image's cells in raster order. A text state reads itself and the text
 * before it, an image state reads all text (padding included) and those image states whose distance {@link #reaches} allows. Everything
 * else, counts and block lists included, follows from that one predicate.
 *
 * <p>The image part depends on the distance alone: with raster indices i of the query and j of the key, D = i - j. In the paper's picture of the
 * convolutional pattern this includes the wrap-around at the grid's edge, and so does ours. Source: Ramesh et al. 2021, arXiv 2102.12092,
 * appendix B.1 and Figure 11.
 */
public sealed interface AttentionPattern {
  /** Number of text states, the start of the text included; may be 0. */
  int textLength();

  /** Side of the square grid of image cells. */
  int gridSide();

  /** Whether an image state reads the image state that lies {@code distance} (0 or more) before it in raster order. */
  boolean reaches(int distance);

  /** The greatest distance within the image that {@link #reaches}: an image state reads no image state further back. */
  default int greatestReach() {
    int distance = imageLength() - 1;
    while (distance > 0 && !reaches(distance)) {
      distance--;
    }
    return Math.max(0, distance);
  }

  /** Number of image states. */
  default int imageLength() {
    return gridSide() * gridSide();
  }

  /** Number of states: text and image. */
  default int length() {
    return textLength() + imageLength();
  }

  /**
   * Whether state {@code query} reads state {@code key}.
   *
   * @throws IndexOutOfBoundsException if one of them is not a state
   */
  default boolean attends(int query, int key) {
    Objects.checkIndex(query, length());
    Objects.checkIndex(key, length());
    if (key > query) {
      return false;
    }
    return key < textLength() || reaches(query - key);
  }

  /** Number of (query, key) pairs within the image. */
  default long imagePairCount() {
    long count = 0;
    for (int distance = 0; distance < imageLength(); distance++) {
      if (reaches(distance)) {
        count += imageLength() - distance;
      }
    }
    return count;
  }

  /** Number of (query, key) pairs of the whole stream. */
  default long pairCount() {
    return (long) textLength() * (textLength() + 1) / 2 + (long) textLength() * imageLength() + imagePairCount();
  }

  /**
   * Every state reads itself and all before it.
   *
   * @param textLength 0 or more
   * @param gridSide 0 or more; 0 for text alone
   */
  record DenseCausal(int textLength, int gridSide) implements AttentionPattern {
    /** Checks the sizes. */
    public DenseCausal {
      checkSizes(textLength, gridSide, 0);
    }

    @Override
    public boolean reaches(int distance) {
      return distance >= 0;
    }
  }

  /**
   * An image state reads itself and the {@code gridSide} cells before it, the farthest of which is the one straight above.
   *
   * @param textLength 0 or more
   * @param gridSide 1 or more
   */
  record Row(int textLength, int gridSide) implements AttentionPattern {
    /** Checks the sizes. */
    public Row {
      checkSizes(textLength, gridSide, 1);
    }

    @Override
    public boolean reaches(int distance) {
      return distance >= 0 && distance <= gridSide;
    }
  }

  /**
   * An image state reads itself and all cells above it in its column.
   *
   * @param textLength 0 or more
   * @param gridSide 1 or more
   */
  record Column(int textLength, int gridSide) implements AttentionPattern {
    /** Checks the sizes. */
    public Column {
      checkSizes(textLength, gridSide, 1);
    }

    @Override
    public boolean reaches(int distance) {
      return distance >= 0 && distance % gridSide == 0;
    }
  }

  /**
   * An image state reads the causal half of a k x k neighbourhood: with h = (k - 1) / 2, the distances below (h + 1) sides whose remainder by the side
   * is at most h or at least side - h, which are k (k + 1) / 2. As in the paper's picture, the h cells to the right in the row h + 1 above are among them.
   *
   * @param textLength 0 or more
   * @param gridSide 1 or more
   * @param kernel k: odd, at most the grid's side
   */
  record Convolution(int textLength, int gridSide, int kernel) implements AttentionPattern {
    /** Checks the sizes. */
    public Convolution {
      checkSizes(textLength, gridSide, 1);
      if (kernel < 1 || kernel % 2 == 0 || kernel > gridSide) {
        throw new IllegalArgumentException("kernel: expected an odd number from 1 to the grid's side " + gridSide + ", got " + kernel);
      }
    }

    @Override
    public boolean reaches(int distance) {
      int half = (kernel - 1) / 2;
      int across = distance % gridSide;
      return distance >= 0 && distance < (half + 1) * gridSide && (across <= half || across >= gridSide - half);
    }
  }

  /**
   * Every state reads every state, those after it too: for encoders, such as those of a contrastive model of captions and images. Nothing can be drawn with it.
   *
   * @param textLength number of states, 1 or more; there is no grid, image states are numbered like any others
   */
  record Bidirectional(int textLength) implements AttentionPattern {
    /** Checks the length. */
    public Bidirectional {
      checkSizes(textLength, 0, 0);
    }

    @Override
    public int gridSide() {
      return 0;
    }

    @Override
    public boolean reaches(int distance) {
      return true;
    }

    @Override
    public boolean attends(int query, int key) {
      Objects.checkIndex(query, length());
      Objects.checkIndex(key, length());
      return true;
    }

    @Override
    public long pairCount() {
      return (long) length() * length();
    }
  }

  private static void checkSizes(int textLength, int gridSide, int smallestSide) {
    if (textLength < 0) {
      throw new IllegalArgumentException("text length: expected 0 or more, got " + textLength);
    }
    if (gridSide < smallestSide) {
      throw new IllegalArgumentException("grid side: expected " + smallestSide + " or more, got " + gridSide);
    }
    long length = textLength + (long) gridSide * gridSide;
    if (length < 1 || length > 1 << 20) {
      throw new IllegalArgumentException("text and image: expected 1 to 1048576 states, got " + length + " (text length " + textLength
          + ", grid side " + gridSide + ")");
    }
  }
}
