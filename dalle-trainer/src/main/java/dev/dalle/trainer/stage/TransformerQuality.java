package dev.dalle.trainer.stage;

import dev.dalle.attention.BlockRunner;
import dev.dalle.attention.TokenBatch;
import dev.dalle.attention.Transformer;
import dev.dalle.attention.TransformerLoss;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How well the transformer predicts tokens that it was not trained on, in nats a token.
 *
 * @param examples number measured
 * @param image mean loss of image tokens after their own caption
 * @param imageShuffled the same pictures after another example's caption: how much worse says how much the caption is used
 * @param unigram mean loss of always predicting each token with its share of the training pictures
 * @param text mean loss of caption tokens
 * @param textUnigram mean loss of always predicting each of them with its share of the training captions
 */
public record TransformerQuality(int examples, double image, double imageShuffled, double unigram, double text, double textUnigram) {
  /**
   * Measures.
   *
   * @param held examples that were not trained on, at least two
   * @param training examples, for the shares
   * @param count how many of the held-out examples to use
   */
  static TransformerQuality measure(Device device, Transformer transformer, DType computeType, TokenExamples held, TokenExamples training, int count,
      int batchSize) {
    int n = Math.min(count, held.size());
    double image = 0;
    double shuffled = 0;
    double text = 0;
    long textTokens = 0;
    for (int from = 0; from < n; from += batchSize) {
      int size = Math.min(batchSize, n - from);
      int[] own = new int[size];
      int[] other = new int[size];
      for (int i = 0; i < size; i++) {
        own[i] = from + i;
        // Everybody gets the caption of the one half way round: nobody gets their own.
        other[i] = (from + i + Math.max(1, n / 2)) % n;
      }
      TokenBatch batch = held.batch(own, own);
      double[] losses = losses(device, transformer, computeType, batch);
      image += losses[0] * size;
      text += losses[1] * batch.textTokenCount();
      textTokens += batch.textTokenCount();
      shuffled += losses(device, transformer, computeType, held.batch(other, own))[0] * size;
    }
    double unigram = training.imageUnigram(transformer.config().imageVocabulary()).loss(Arrays.stream(held.images()).limit(n));
    double textUnigram = training.textUnigram(transformer.config().textVocabulary()).loss(IntStream.range(0, n).mapToObj(held::caption));
    return new TransformerQuality(n, image / n, shuffled / n, unigram, text / textTokens, textUnigram);
  }

  /** What the true captions are worth, in nats an image token. */
  public double captionGain() {
    return imageShuffled - image;
  }

  private static double[] losses(Device device, Transformer transformer, DType computeType, TokenBatch batch) {
    try (Scope scope = device.newScope()) {
      TransformerLoss loss = transformer.loss(Tape.inference(scope, computeType), batch, BlockRunner.kept());
      return new double[] {loss.image().toFloat(), loss.text().toFloat()};
    }
  }
}
