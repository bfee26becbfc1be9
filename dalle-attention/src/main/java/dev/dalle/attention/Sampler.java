package dev.dalle.attention;

import dev.dalle.tensor.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;

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

  private final Transformer model;
  private final DType computeType;

  /**
   * Draws from a model, which must stay open and unchanged while it does.
   *
   * @param computeType type of the products inside the resblocks: F32 or BF16
   */
  public Sampler(Transformer model, DType computeType) {
    this.model = Objects.requireNonNull(model, "model");
    if (computeType != DType.F32 && computeType != DType.BF16) {
      throw new IllegalArgumentException("compute type: expected F32 or BF16, got " + computeType);
    }
    this.computeType = computeType;
  }

  /** One image to be drawn. */
  private record Order(int prompt, int image) {}

  /**
   * Draws a number of images for each prompt.
   *
   * @param prompts captions, each with the image tokens that are given
   * @param imagesPerPrompt how many images of each
   * @return prompt after prompt, the images of each in order
   * @throws IllegalArgumentException if a prompt or an option does not fit the model; nothing was drawn then
   */
  public List<SampledImage> sample(List<Prompt> prompts, int imagesPerPrompt, SamplingOptions options, Progress progress) {
    TransformerConfig config = model.config();
    for (int i = 0; i < prompts.size(); i++) {
      prompts.get(i).check(config, i);
    }
    if (imagesPerPrompt < 1) {
      throw new IllegalArgumentException("images per prompt: expected 1 or more, got " + imagesPerPrompt);
    }
    if (options.topK() > config.imageVocabulary()) {
      throw new IllegalArgumentException("top-k: expected at most the " + config.imageVocabulary() + " image tokens, got " + options.topK());
    }
    List<Order> orders = new ArrayList<>();
    for (int prompt = 0; prompt < prompts.size(); prompt++) {
      for (int image = 0; image < imagesPerPrompt; image++) {
        orders.add(new Order(prompt, image));
      }
    }
    List<SampledImage> done = new ArrayList<>();
    long total = (long) orders.size() * config.imageLength();
    for (int from = 0; from < orders.size(); from += options.batch()) {
      List<Order> batch = orders.subList(from, Math.min(orders.size(), from + options.batch()));
      long before = (long) from * config.imageLength();
      done.addAll(drawBatch(prompts, batch, options, tokens -> progress.drawn(before + tokens, total)));
    }
    return done;
  }

  private List<SampledImage> drawBatch(List<Prompt> prompts, List<Order> batch, SamplingOptions options, LongConsumer progress) {
    TransformerConfig config = model.config();
    int[][] tokens = new int[batch.size()][config.imageLength()];
    // Prompts of a batch are neighbours: the first one's number makes theirs start from 0.
    int firstPrompt = batch.getFirst().prompt();
    List<Prompt> used = prompts.subList(firstPrompt, batch.getLast().prompt() + 1);
    int given = used.stream().mapToInt(prompt -> prompt.imagePrefix().length).min().orElseThrow();
    for (int n = 0; n < tokens.length; n++) {
      int[] prefix = prompts.get(batch.get(n).prompt()).imagePrefix();
      System.arraycopy(prefix, 0, tokens[n], 0, prefix.length);
    }
    if (given < config.imageLength()) {
      int[][] captions = used.stream().map(Prompt::caption).toArray(int[][]::new);
      int[][] prefixes = used.stream().map(prompt -> Arrays.copyOf(prompt.imagePrefix(), given)).toArray(int[][]::new);
      int[] promptOf = batch.stream().mapToInt(order -> order.prompt() - firstPrompt).toArray();
      try (CachedDecoder decoder = new CachedDecoder(model, computeType, captions, prefixes, promptOf, given)) {
        TokenDraw draw = new TokenDraw(options, config.imageVocabulary());
        int[] before = new int[tokens.length];
        for (int cell = given; cell < config.imageLength(); cell++) {
          for (int n = 0; n < before.length && cell > 0; n++) {
            before[n] = tokens[n][cell - 1];
          }
          float[] scores = decoder.next(before);
          for (int n = 0; n < before.length; n++) {
            Order order = batch.get(n);
            if (cell >= prompts.get(order.prompt()).imagePrefix().length) {
              tokens[n][cell] = draw.draw(scores, n * config.imageVocabulary(), order.prompt(), order.image(), cell);
            }
          }
          progress.accept((long) tokens.length * (cell + 1));
        }
      }
    } else {
      progress.accept((long) tokens.length * config.imageLength());
    }
    List<SampledImage> images = new ArrayList<>();
    for (int n = 0; n < tokens.length; n++) {
      images.add(new SampledImage(batch.get(n).prompt(), batch.get(n).image(), tokens[n]));
    }
    return images;
  }
}
