package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Drawing from a model with every pattern, on the reference device. */
class SamplerTest {
  private static final TransformerConfig CONFIG = TransformerTest.CONFIG;
  private static final TokenBatch BATCH = TransformerTest.BATCH;

  private final ReferenceDevice device = new ReferenceDevice();
  private Scope scope;
  private Transformer model;

  @BeforeEach
  void makeModel() {
    scope = device.newScope();
    model = TransformerTest.model(scope, CONFIG, 1);
  }

  @AfterEach
  void closeModel() {
    scope.close();
    assertEquals(0, device.bytesInUse(), "everything is given back");
  }

  /** The scores of every cell from the whole sequence, {@code [W * W * K]}. */
  private double[] wholeScores(int[] caption, int[] image) {
    try (Scope step = device.newScope()) {
      TokenBatch batch = new TokenBatch(new int[][] {caption}, new int[][] {image});
      return ReferenceDevice.read(model.logits(Tape.inference(step, DType.F32), batch, BlockRunner.kept()).image());
    }
  }

  /** Sequences 0 and 3 share the prompt of sequence 0, and so on: scores must follow each one's own tokens. */
  @Test
  void cachedScoresAreThoseOfWholeSequences() {
    for (int given : new int[] {0, 1, 4, 8}) {
      int[][] prefixes = Arrays.stream(BATCH.images()).map(image -> Arrays.copyOf(image, given)).toArray(int[][]::new);
      int[] promptOf = {0, 1, 2, 0, 2};
      int[][] images = new int[promptOf.length][];
      for (int n = 0; n < images.length; n++) {
        images[n] = BATCH.images()[promptOf[n]].clone();
        for (int cell = given; n >= 3 && cell < images[n].length; cell++) {
          images[n][cell] = (images[n][cell] + n) % 5;
        }
      }
      double[][] expected = new double[images.length][];
      for (int n = 0; n < images.length; n++) {
        expected[n] = wholeScores(BATCH.captions()[promptOf[n]], images[n]);
      }
      try (CachedDecoder decoder = new CachedDecoder(model, DType.F32, BATCH.captions(), prefixes, promptOf, given)) {
        for (int cell = given; cell < 9; cell++) {
          int[] before = new int[images.length];
          for (int n = 0; n < images.length; n++) {
            before[n] = cell == 0 ? -7 : images[n][cell - 1];
          }
          float[] scores = decoder.next(before);
          for (int n = 0; n < images.length; n++) {
            for (int k = 0; k < 5; k++) {
              // Scores leave the device as floats.
              assertEquals((float) expected[n][cell * 5 + k], scores[n * 5 + k], 1e-6f, "cell " + cell + " of sequence " + n);
            }
          }
        }
      }
    }
  }

  @Test
  void drawsFollowTheModelsDistribution() {
    int[] caption = {3, 0, 6};
    int[] prefix = {0, 1, 2, 3, 4, 0, 1};
    double[][] joint = new double[5][5];
    double[] first = softmax(wholeScores(caption, image(prefix, 0)), 7, 1);
    for (int a = 0; a < 5; a++) {
      double[] second = softmax(wholeScores(caption, image(prefix, a)), 8, 1);
      for (int b = 0; b < 5; b++) {
        joint[a][b] = first[a] * second[b];
      }
    }
    int count = 4000;
    int[][] drawn = new int[5][5];
    for (SampledImage image : new Sampler(model, DType.F32).sample(List.of(new Prompt(caption, prefix)), count, new SamplingOptions(1, 0, 42, 1000),
        (tokens, total) -> {})) {
      assertArrayEquals(prefix, Arrays.copyOf(image.tokens(), 7), "the prefix is kept");
      drawn[image.tokens()[7]][image.tokens()[8]]++;
    }
    double chiSquare = 0;
    for (int a = 0; a < 5; a++) {
      for (int b = 0; b < 5; b++) {
        chiSquare += Math.pow(drawn[a][b] - count * joint[a][b], 2) / (count * joint[a][b]);
      }
    }
    // 24 degrees of freedom: 51.2 is exceeded once in a thousand seeds, and this seed is fixed.
    assertTrue(chiSquare < 51.2, "chi-square " + chiSquare);
    assertTrue(spread(joint) > 2, "the distribution must be far from uniform for this to mean something: " + Arrays.deepToString(joint));
  }

  private static double spread(double[][] joint) {
    double[] all = Arrays.stream(joint).flatMapToDouble(Arrays::stream).sorted().toArray();
    return all[all.length - 1] / all[0];
  }

  private static int[] image(int[] prefix, int next) {
    int[] image = Arrays.copyOf(prefix, 9);
    image[prefix.length] = next;
    return image;
  }

  private static double[] softmax(double[] scores, int cell, double temperature) {
    double[] p = new double[5];
    double sum = 0;
    for (int k = 0; k < 5; k++) {
      p[k] = Math.exp(scores[cell * 5 + k] / temperature);
      sum += p[k];
    }
    for (int k = 0; k < 5; k++) {
      p[k] /= sum;
    }
    return p;
  }

  @Test
  void temperatureAndTopKShapeTheDistribution() {
    float[] scores = {9, 0.5f, 2, -1, 2, 0.5f, 9};
    int count = 20_000;
    int[] cold = counts(new SamplingOptions(0.5, 0, 1, 1), scores, count);
    double sum = Math.exp(1) + Math.exp(4) + Math.exp(-2) + Math.exp(4) + Math.exp(1);
    double[] expected = {Math.exp(1) / sum, Math.exp(4) / sum, Math.exp(-2) / sum, Math.exp(4) / sum, Math.exp(1) / sum};
    for (int k = 0; k < 5; k++) {
      assertEquals(expected[k], cold[k] / (double) count, 5 * Math.sqrt(expected[k] / count), "token " + k);
    }
    int[] three = counts(new SamplingOptions(1, 3, 1, 1), scores, count);
    assertEquals(0, three[2]);
    assertEquals(0, three[4], "of the equal scores 0.5 the first takes part");
    double p = Math.exp(0.5) / (Math.exp(0.5) + 2 * Math.exp(2));
    assertEquals(p, three[0] / (double) count, 5 * Math.sqrt(p / count));
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(new SamplingOptions(1, 1, 1, 1), scores, count), "the first of two greatest");
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(new SamplingOptions(0, 0, 1, 1), scores, count), "the first of two greatest");
    assertArrayEquals(counts(new SamplingOptions(1, 0, 1, 1), scores, count), counts(new SamplingOptions(1, 5, 1, 1), scores, count),
        "top-k of everything");
  }

  /** Draws from entries 1 to 5. */
  private static int[] counts(SamplingOptions options, float[] scores, int count) {
    TokenDraw draw = new TokenDraw(options, 5);
    int[] counts = new int[5];
    for (int i = 0; i < count; i++) {
      counts[draw.draw(scores, 1, i / 100, i % 100, 3)]++;
    }
    return counts;
  }

  @Test
  void greedyTakesTheGreatestScores() {
    int[] caption = {1, 2};
    int[] tokens = new Sampler(model, DType.F32).sample(List.of(Prompt.of(caption)), 1, new SamplingOptions(0, 0, 1, 1), (done, total) -> {})
        .getFirst().tokens();
    double[] scores = wholeScores(caption, tokens);
    for (int cell = 0; cell < 9; cell++) {
      for (int k = 0; k < 5; k++) {
        assertTrue(scores[cell * 5 + k] <= scores[cell * 5 + tokens[cell]], "cell " + cell);
      }
    }
  }

  @Test
  void tokensDependOnSeedPromptAndImageAlone() {
    List<Prompt> prompts = List.of(new Prompt(new int[] {3, 0, 6}, new int[] {1, 1, 1}), Prompt.of(new int[0]), Prompt.of(new int[] {1, 2, 3, 4, 5}),
        new Prompt(new int[] {2}, new int[] {4, 3, 2, 1, 0, 4, 3, 2, 1}));
    List<List<SampledImage>> runs = new ArrayList<>();
    List<Long> heard = new ArrayList<>();
    for (int batch : new int[] {1, 2, 5, 100, 100}) {
      heard.clear();
      runs.add(new Sampler(model, DType.F32).sample(prompts, 3, new SamplingOptions(1, 0, 7, batch), (tokens, total) -> {
        assertEquals(12 * 9, total);
        heard.add(tokens);
      }));
      assertEquals(12 * 9L, heard.getLast());
      assertEquals(heard.stream().sorted().distinct().toList(), heard, "progress only grows");
    }
    for (List<SampledImage> run : runs) {
      assertEquals(12, run.size());
      for (int i = 0; i < 12; i++) {
        assertEquals(i / 3, run.get(i).prompt());
        assertEquals(i % 3, run.get(i).image());
        assertArrayEquals(runs.getFirst().get(i).tokens(), run.get(i).tokens(), "image " + i);
        int[] prefix = prompts.get(i / 3).imagePrefix();
        assertArrayEquals(prefix, Arrays.copyOf(run.get(i).tokens(), prefix.length));
      }
    }
    assertFalse(Arrays.equals(runs.getFirst().get(3).tokens(), runs.getFirst().get(4).tokens()), "images of one prompt differ");
    List<SampledImage> other = new Sampler(model, DType.F32).sample(prompts, 3, new SamplingOptions(1, 0, 8, 100), (tokens, total) -> {});
    assertFalse(Arrays.equals(runs.getFirst().get(3).tokens(), other.get(3).tokens()), "seeds differ");
  }

  @Test
  void refusesWhatDoesNotFit() {
    SamplingOptions options = SamplingOptions.paper(1);
    assertMessage("caption 1: token 0 is 7, the vocabulary has 0 to 6", () -> sample(List.of(Prompt.of(new int[0]), Prompt.of(new int[] {7})), 1, options));
    assertMessage("image prefix 0: expected at most the 9 tokens of a grid of side 3, got 10",
        () -> sample(List.of(new Prompt(new int[0], new int[10])), 1, options));
    assertMessage("image prefix 0: token 1 is 5, the vocabulary has 0 to 4", () -> sample(List.of(new Prompt(new int[0], new int[] {0, 5})), 1, options));
    assertMessage("images per prompt: expected 1 or more, got 0", () -> sample(List.of(Prompt.of(new int[0])), 0, options));
    assertMessage("top-k: expected at most the 5 image tokens, got 6",
        () -> sample(List.of(Prompt.of(new int[0])), 1, new SamplingOptions(1, 6, 1, 1)));
    assertMessage("temperature: expected 0 (the greatest score) to 1000000, got NaN", () -> new SamplingOptions(Double.NaN, 0, 1, 1));
    assertMessage("temperature: expected 0 (the greatest score) to 1000000, got -1.0", () -> new SamplingOptions(-1, 0, 1, 1));
    assertMessage("top-k: expected 0 (off) or more, got -1", () -> new SamplingOptions(1, -1, 1, 1));
    assertMessage("batch: expected 1 or more, got 0", () -> new SamplingOptions(1, 0, 1, 0));
    assertMessage("compute type: expected F32 or BF16, got F16", () -> new Sampler(model, DType.F16));
    assertEquals(List.of(), new Sampler(model, DType.F32).sample(List.of(), 1, options, (tokens, total) -> {}));
  }

  @Test
  void saysWhenWeightsAreDamaged() {
    device.ops().fill(model.finalBias.value(), Double.NaN);
    IllegalStateException failure = assertThrows(IllegalStateException.class, () -> sample(List.of(Prompt.of(new int[0])), 1, SamplingOptions.paper(1)));
    assertEquals("the score of token 0 at cell 0 of image 0 for caption 0 is NaN; the weights are damaged or of another model", failure.getMessage());
  }

  private void sample(List<Prompt> prompts, int images, SamplingOptions options) {
    new Sampler(model, DType.F32).sample(prompts, images, options, (tokens, total) -> {});
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
