package dev.dalle.attention;

import dev.dalle.tensor.CountingDevice;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * Draws images for captions, token after token, with keys and values kept from one token to the next: each step reads the keys that the layers'
 * patterns allow and no others. Source: Ramesh et al. 2021, arXiv 2102.12092, section 2.6.
 */
public final class Sampler {
  /** Hears how far the drawing has come. */
  @FunctionalInterface
  public interface Progress {
    /**
     * Called after each step.
     *
     * @param tokens drawn or given so far, of all images
     * @param total tokens of all images
     */
    void drawn(long tokens, long total);
  }

  /**
   * One image to be drawn. Its random numbers are those of the two numbers, so that one image of many can be drawn again by itself.
   *
   * @param prompt what it is drawn for
   * @param number of the prompt, 0 or more
   * @param image its number among the images of that prompt, 0 or more
   */
  public record Order(Prompt prompt, int number, int image) {
    /** Checks the numbers. */
    public Order {
      Objects.requireNonNull(prompt, "prompt");
      if (number < 0 || image < 0) {
        throw new IllegalArgumentException("order: expected a prompt and an image from 0 on, got prompt " + number + ", image " + image);
      }
    }
  }

  private final Transformer model;
  private final DType computeType;

  /**
   * Draws from a model, which must stay open and unchanged while it does.
   *
   * @param computeType type of the products inside the resblocks: F32, F16 or BF16
   */
  public Sampler(Transformer model, DType computeType) {
    this.model = Objects.requireNonNull(model, "model");
    if (!computeType.isFloating()) {
      throw new IllegalArgumentException("compute type: expected a floating-point type, got " + computeType);
    }
    this.computeType = computeType;
  }

  /**
   * Bytes of device memory that drawing takes at most, beside the model's own: packed weights, and the keys and values of a batch whose prompts all differ.
   * Computes and allocates nothing there.
   *
   * @param computeType as for {@link #Sampler}
   * @param batch images at a time
   * @param guided whether there is guidance, which takes two rows for each image
   */
  public static long bytesNeeded(TransformerConfig config, DType computeType, int batch, boolean guided) {
    CountingDevice counting = new CountingDevice();
    try (Scope scope = counting.newScope()) {
      Transformer model = new Transformer(config, scope);
      long before = counting.bytesInUse();
      int rows = Math.multiplyExact(batch, guided ? 2 : 1);
      int[] promptOf = IntStream.range(0, rows).toArray();
      int[][] captions = new int[rows][Math.min(1, config.maxCaptionLength())];
      try (PackedTransformer weights = new PackedTransformer(model, computeType);
          CachedDecoder decoder = new CachedDecoder(weights, captions, new int[rows][0], promptOf, 0)) {
        decoder.next(new int[rows]);
      }
      return counting.peakBytes() - before;
    }
  }

  /**
   * Draws a number of images for each prompt.
   *
   * @param prompts captions, each with the image tokens that are given
   * @param imagesPerPrompt how many images of each
   * @return prompt after prompt, the images of each in order
   * @throws IllegalArgumentException if a prompt or an option does not fit the model; nothing was drawn then
   */
  public List<SampledImage> sample(List<Prompt> prompts, int imagesPerPrompt, SamplingOptions options, Progress progress) {
    List<SampledImage> images = new ArrayList<>();
    sample(prompts, imagesPerPrompt, options, progress, images::add);
    return images;
  }

  /**
   * Draws a number of images for each prompt and gives each away as soon as its batch is drawn.
   *
   * @param prompts captions, each with the image tokens that are given
   * @param imagesPerPrompt how many images of each
   * @param ready takes the images: prompt after prompt, those of each in order
   * @throws IllegalArgumentException if a prompt or an option does not fit the model; nothing was drawn then
   */
  public void sample(List<Prompt> prompts, int imagesPerPrompt, SamplingOptions options, Progress progress, Consumer<SampledImage> ready) {
    if (imagesPerPrompt < 1) {
      throw new IllegalArgumentException("images per prompt: expected 1 or more, got " + imagesPerPrompt);
    }
    List<Order> orders = new ArrayList<>();
    for (int number = 0; number < prompts.size(); number++) {
      for (int image = 0; image < imagesPerPrompt; image++) {
        orders.add(new Order(prompts.get(number), number, image));
      }
    }
    draw(orders, options, progress, ready);
  }

  /**
   * Draws single images and gives each away as soon as its batch is drawn.
   *
   * @param orders what to draw; neighbours with the same prompt share its states
   * @param ready takes the images in order
   * @throws IllegalArgumentException if a prompt or an option does not fit the model; nothing was drawn then
   */
  public void draw(List<Order> orders, SamplingOptions options, Progress progress, Consumer<SampledImage> ready) {
    TransformerConfig config = model.config();
    orders.forEach(order -> order.prompt().check(config, order.number()));
    if (options.topK() > config.imageVocabulary()) {
      throw new IllegalArgumentException("top-k: expected at most the " + config.imageVocabulary() + " image tokens, got " + options.topK());
    }
    if (orders.isEmpty()) {
      return;
    }
    long total = (long) orders.size() * config.imageLength();
    try (PackedTransformer weights = new PackedTransformer(model, computeType)) {
      for (int from = 0; from < orders.size(); ) {
        List<Order> batch = orders.subList(from, end(orders, from, options.batch()));
        long before = (long) from * config.imageLength();
        int[][] tokens = drawBatch(weights, batch, options, done -> progress.drawn(before + done, total));
        for (int n = 0; n < tokens.length; n++) {
          ready.accept(new SampledImage(batch.get(n).number(), batch.get(n).image(), tokens[n]));
        }
        from += batch.size();
      }
    }
  }

  /** Where a batch ends: its images have as many tokens given, because whether a token is given or drawn decides how its state is computed. */
  private static int end(List<Order> orders, int from, int most) {
    int given = orders.get(from).prompt().imagePrefix().length;
    int to = from + 1;
    while (to < orders.size() && to - from < most && orders.get(to).prompt().imagePrefix().length == given) {
      to++;
    }
    return to;
  }

  /** The tokens of images that are drawn at the same time, {@code [N][W * W]}. */
  private int[][] drawBatch(PackedTransformer weights, List<Order> batch, SamplingOptions options, LongConsumer progress) {
    TransformerConfig config = model.config();
    int vocabulary = config.imageVocabulary();
    int[][] tokens = new int[batch.size()][config.imageLength()];
    int given = batch.getFirst().prompt().imagePrefix().length;
    for (int n = 0; n < tokens.length; n++) {
      int[] prefix = batch.get(n).prompt().imagePrefix();
      System.arraycopy(prefix, 0, tokens[n], 0, prefix.length);
    }
    if (given == config.imageLength()) {
      progress.accept((long) tokens.length * given);
      return tokens;
    }
    Rows rows = Rows.of(batch, given, options.guided());
    try (CachedDecoder decoder = new CachedDecoder(weights, rows.captions(), rows.prefixes(), rows.promptOf(), given)) {
      TokenDraw draw = new TokenDraw(options, vocabulary);
      int[] before = new int[rows.promptOf().length];
      for (int cell = given; cell < config.imageLength(); cell++) {
        for (int row = 0; row < before.length && cell > 0; row++) {
          before[row] = tokens[row % tokens.length][cell - 1];
        }
        float[] scores = decoder.next(before);
        if (options.guided()) {
          guide(scores, tokens.length * vocabulary, options.guidance());
        }
        for (int n = 0; n < tokens.length; n++) {
          tokens[n][cell] = draw.draw(scores, n * vocabulary, batch.get(n).number(), batch.get(n).image(), cell);
        }
        progress.accept((long) tokens.length * (cell + 1));
      }
    }
    return tokens;
  }

  /** Puts {@code u + guidance * (c - u)}, computed in double, into the first half; c is there, u in the second half. */
  private static void guide(float[] scores, int half, double guidance) {
    for (int i = 0; i < half; i++) {
      double without = scores[half + i];
      scores[i] = (float) (without + guidance * (scores[i] - without));
    }
  }

  /**
   * What a decoder is given: row n is image n; with guidance, row N + n is the same image after the empty caption.
   *
   * @param captions {@code [C][n]}
   * @param prefixes {@code [C][given]}
   * @param promptOf {@code [N]}, or {@code [2 * N]} with guidance
   */
  private record Rows(int[][] captions, int[][] prefixes, int[] promptOf) {
    static Rows of(List<Order> batch, int given, boolean guided) {
      List<int[]> captions = new ArrayList<>();
      List<int[]> prefixes = new ArrayList<>();
      int[] promptOf = new int[batch.size() * (guided ? 2 : 1)];
      for (int row = 0; row < promptOf.length; row++) {
        int n = row % batch.size();
        boolean captioned = row < batch.size();
        Prompt prompt = batch.get(n).prompt();
        boolean shared = n > 0 && (batch.get(n - 1).prompt() == prompt || !captioned && given == 0);
        if (!shared) {
          captions.add(captioned ? prompt.caption() : new int[0]);
          prefixes.add(Arrays.copyOf(prompt.imagePrefix(), given));
        }
        promptOf[row] = captions.size() - 1;
      }
      return new Rows(captions.toArray(int[][]::new), prefixes.toArray(int[][]::new), promptOf);
    }
  }
}
