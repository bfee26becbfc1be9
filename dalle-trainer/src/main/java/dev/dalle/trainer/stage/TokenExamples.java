package dev.dalle.trainer.stage;

import dev.dalle.attention.TokenBatch;
import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.CaptionEncoder;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Captions and the tokens of their pictures: what the transformer is trained and measured on.
 *
 * @param captions texts
 * @param images tokens of each caption's picture, {@code [N][grid * grid]}
 * @param encoder of the captions, with the width of the text block
 */
public record TokenExamples(List<String> captions, int[][] images, CaptionEncoder encoder) {
  /** Enough for shares of the frequent tokens, which decide the loss; encoding them takes seconds. */
  private static final int COUNTED_CAPTIONS = 100_000;

  /** Checks that there is an image for each caption. */
  public TokenExamples {
    captions = List.copyOf(captions);
    if (captions.size() != images.length || captions.isEmpty()) {
      throw new IllegalArgumentException("images: expected one for each of 1 or more captions, got " + captions.size() + " captions and "
          + images.length + " images");
    }
  }

  /** Examples whose captions a tokenizer encodes, for a text block of so many states. */
  public static TokenExamples of(List<String> captions, int[][] images, BpeTokenizer tokenizer, int textLength) {
    return new TokenExamples(captions, images, new CaptionEncoder(tokenizer, textLength));
  }

  /** Number of examples. */
  public int size() {
    return images.length;
  }

  /** The tokens of a caption, without dropout. */
  int[] caption(int index) {
    return encoder.encode(captions.get(index)).tokens();
  }

  /** What guessing image tokens from their shares here costs. */
  Unigram imageUnigram(int vocabulary) {
    return Unigram.of(vocabulary, Arrays.stream(images));
  }

  /** What guessing caption tokens from their shares here costs; of a large set the first captions decide. */
  Unigram textUnigram(int vocabulary) {
    return Unigram.of(vocabulary, IntStream.range(0, Math.min(size(), COUNTED_CAPTIONS)).mapToObj(this::caption));
  }

  /**
   * A batch for training: each merge of a caption is left out with one probability, each caption as a whole with another. Without the latter it takes no
   * random number, so that batches are those of runs that do not know it.
   */
  public TokenBatch batch(int[] indices, double bpeDropout, double captionDropout, RandomGenerator random) {
    int[][] text = new int[indices.length][];
    int[][] pictures = new int[indices.length][];
    for (int i = 0; i < indices.length; i++) {
      long seed = random.nextLong();
      boolean leftOut = captionDropout > 0 && random.nextDouble() < captionDropout;
      text[i] = leftOut ? new int[0] : encoder.encode(captions.get(indices[i]), bpeDropout, seed).tokens();
      pictures[i] = images[indices[i]];
    }
    return new TokenBatch(text, pictures);
  }

  /** A batch for evaluation: captions {@code captionOf[i]} with pictures {@code pictureOf[i]}. */
  public TokenBatch batch(int[] captionOf, int[] pictureOf) {
    int[][] text = new int[captionOf.length][];
    int[][] pictures = new int[pictureOf.length][];
    for (int i = 0; i < captionOf.length; i++) {
      text[i] = caption(captionOf[i]);
      pictures[i] = images[pictureOf[i]];
    }
    return new TokenBatch(text, pictures);
  }
}
