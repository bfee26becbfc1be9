package dev.dalle.trainer.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TokenBatch;
import dev.dalle.tokenizer.BpeTrainer;
import dev.dalle.trainer.data.DerivedRandom;
import dev.dalle.trainer.run.TransformerStageConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Batches for training the transformer, with and without captions left out. */
class TokenExamplesTest {
  private static final List<String> CAPTIONS = List.of("a red square", "a green square on blue", "blue");
  private static final TokenExamples EXAMPLES = TokenExamples.of(CAPTIONS, new int[][] {{1, 2}, {3, 4}, {5, 6}},
      new BpeTrainer(280, 1).train(Stream.of(CAPTIONS.toArray(String[]::new))), 24);

  private static final int[] INDICES = IntStream.range(0, 3000).map(i -> i % 3).toArray();

  @Test
  void leavesOutAsManyCaptionsAsItIsTold() {
    for (double rate : new double[] {0.1, 0.5, 0.9}) {
      TokenBatch batch = EXAMPLES.batch(INDICES, 0.1, rate, new DerivedRandom(1, 2));
      long empty = Arrays.stream(batch.captions()).filter(caption -> caption.length == 0).count();
      assertEquals(rate, empty / 3000.0, 5 * Math.sqrt(rate * (1 - rate) / 3000), "of 3000 captions " + empty);
      for (int i = 0; i < INDICES.length; i++) {
        assertArrayEquals(EXAMPLES.images()[INDICES[i]], batch.images()[i], "pictures stay");
      }
    }
    assertTrue(Arrays.stream(EXAMPLES.batch(INDICES, 0, 1, new DerivedRandom(1, 2)).captions()).allMatch(caption -> caption.length == 0));
  }

  @Test
  void isAFunctionOfTheRandomNumbers() {
    TokenBatch first = EXAMPLES.batch(INDICES, 0.3, 0.4, new DerivedRandom(1, 2));
    assertTrue(Arrays.deepEquals(first.captions(), EXAMPLES.batch(INDICES, 0.3, 0.4, new DerivedRandom(1, 2)).captions()));
    assertTrue(!Arrays.deepEquals(first.captions(), EXAMPLES.batch(INDICES, 0.3, 0.4, new DerivedRandom(1, 3)).captions()));
  }

  /** One number an example, the seed of its merges, as before there was such a thing. */
  @Test
  void takesNoRandomNumbersWhereNoneIsLeftOut() {
    DerivedRandom random = new DerivedRandom(1, 2);
    DerivedRandom same = new DerivedRandom(1, 2);
    int[][] captions = EXAMPLES.batch(INDICES, 0.3, 0, random).captions();
    for (int i = 0; i < INDICES.length; i++) {
      assertArrayEquals(EXAMPLES.encoder().encode(CAPTIONS.get(INDICES[i]), 0.3, same.nextLong()).tokens(), captions[i]);
    }
    assertEquals(same.nextLong(), random.nextLong());
  }

  @Test
  void theShareIsChecked() {
    TransformerStageConfig config = TinyRuns.config(Path.of("pictures"), 2, 2).transformer();
    assertEquals(0, config.captionDropout());
    assertEquals(0.1, config.withCaptionDropout(0.1).withSteps(9, 3).withCompute(config.compute()).captionDropout());
    for (double wrong : new double[] {-0.1, 1.1, Double.NaN}) {
      assertEquals("captionDropout: expected a number from 0 to 1, found " + wrong,
          assertThrows(IllegalArgumentException.class, () -> config.withCaptionDropout(wrong)).getMessage());
    }
  }
}
