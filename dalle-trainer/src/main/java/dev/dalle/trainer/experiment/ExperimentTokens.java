package dev.dalle.trainer.experiment;

import dev.dalle.tokenizer.BpeTokenizer;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.trainer.data.CaptionedPictures;
import dev.dalle.trainer.data.FittedPicture;
import dev.dalle.trainer.stage.TokenExamples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Captions and palette tokens of a data set.
 *
 * @param training what is trained on
 * @param heldOut what is measured on
 */
record ExperimentTokens(TokenExamples training, TokenExamples heldOut) {
  /** Side of the pictures that colours are averaged over. */
  private static final int SIDE = 64;

  /**
   * Reads pictures.
   *
   * @param config says how many examples, and the shape of tokens
   * @throws IllegalArgumentException if the data set has no examples to train on or to hold out
   */
  static ExperimentTokens of(CaptionedPictures data, GradientScalingConfig config) {
    int[] training = first(data.split().training(), config.examples());
    int[] heldOut = first(data.split().heldOut(), config.measured());
    if (training.length == 0 || heldOut.length == 0) {
      throw new IllegalArgumentException("data set " + data.name() + ": expected examples to train on and to hold out, found " + training.length + " and "
          + heldOut.length);
    }
    List<String> captions = captions(data, training);
    BpeTokenizer tokenizer = new BpeTrainer(config.model().textVocabulary(), 2).train(captions.stream());
    return new ExperimentTokens(examples(data, training, captions, tokenizer, config), examples(data, heldOut, captions(data, heldOut), tokenizer, config));
  }

  private static int[] first(int[] indices, int count) {
    return Arrays.copyOf(indices, Math.min(indices.length, count));
  }

  private static List<String> captions(CaptionedPictures data, int[] indices) {
    List<String> captions = new ArrayList<>();
    for (int index : indices) {
      captions.add(data.example(index).caption());
    }
    return captions;
  }

  private static TokenExamples examples(CaptionedPictures data, int[] indices, List<String> captions, BpeTokenizer tokenizer, GradientScalingConfig config) {
    int[][] images = new int[indices.length][];
    for (int i = 0; i < indices.length; i++) {
      images[i] = PaletteTokens.of(FittedPicture.of(data, indices[i], SIDE), config.model().gridSide(), GradientScalingConfig.LEVELS);
    }
    return TokenExamples.of(captions, images, tokenizer, config.model().textLength());
  }
}
