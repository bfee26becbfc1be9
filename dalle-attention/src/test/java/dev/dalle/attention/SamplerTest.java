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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
      try (PackedTransformer weights = new PackedTransformer(model, DType.F32);
          CachedDecoder decoder = new CachedDecoder(weights, BATCH.captions(), prefixes, promptOf, given)) {
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
    for (SampledImage image : new Sampler(model, DType.F32).sample(List.of(new Prompt(caption, prefix)), count, SamplingOptions.paper(42).withBatch(1000),
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
    int[] cold = counts(SamplingOptions.paper(1).withTemperature(0.5), scores, count);
    double sum = Math.exp(1) + Math.exp(4) + Math.exp(-2) + Math.exp(4) + Math.exp(1);
    double[] expected = {Math.exp(1) / sum, Math.exp(4) / sum, Math.exp(-2) / sum, Math.exp(4) / sum, Math.exp(1) / sum};
    for (int k = 0; k < 5; k++) {
      assertEquals(expected[k], cold[k] / (double) count, 5 * Math.sqrt(expected[k] / count), "token " + k);
    }
    int[] three = counts(SamplingOptions.paper(1).withTopK(3), scores, count);
    assertEquals(0, three[2]);
    assertEquals(0, three[4], "of the equal scores 0.5 the first takes part");
    double p = Math.exp(0.5) / (Math.exp(0.5) + 2 * Math.exp(2));
    assertEquals(p, three[0] / (double) count, 5 * Math.sqrt(p / count));
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(SamplingOptions.paper(1).withTopK(1), scores, count), "the first of two greatest");
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(SamplingOptions.paper(1).withTemperature(0), scores, count), "the first of two greatest");
    assertArrayEquals(counts(SamplingOptions.paper(1), scores, count), counts(SamplingOptions.paper(1).withTopK(5), scores, count),
        "top-k of everything");
  }

  @Test
  void topPTakesTheFewestLikelyTokensThatAreEnough() {
    float[] scores = {9, 0.5f, 2, -1, 2, 0.5f, 9};
    int count = 20_000;
    SamplingOptions plain = SamplingOptions.paper(1);
    double greater = Math.exp(2);
    double lesser = Math.exp(0.5);
    double all = 2 * greater + 2 * lesser + Math.exp(-1);
    // Just below what the two greatest have, and just above: then the smaller of the equal tokens 0 and 4 comes in.
    assertShares(new double[] {0, 0.5, 0, 0.5, 0}, counts(plain.withTopP(2 * greater / all - 1e-9), scores, count));
    double three = 2 * greater + lesser;
    assertShares(new double[] {lesser / three, greater / three, 0, greater / three, 0}, counts(plain.withTopP(2 * greater / all + 1e-9), scores, count));
    // Of two equal greatest the smaller token, however small p is and whatever the temperature.
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(plain.withTopP(Double.MIN_VALUE), scores, count));
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(plain.withTopP(1e-3).withTemperature(100), scores, count));
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(plain.withTopP(0.5).withTemperature(0), scores, count));
    // Probabilities are those after the temperature: when hot, two of five are not enough for a half.
    assertEquals(3, Arrays.stream(counts(plain.withTopP(0.5).withTemperature(1000), scores, count)).filter(n -> n > 0).count());
    // And after top-k: of three tokens, the two greatest have more than they have of all.
    assertShares(new double[] {0, 0.5, 0, 0.5, 0}, counts(plain.withTopK(3).withTopP(2 * greater / three - 1e-9), scores, count));
    assertArrayEquals(counts(plain.withTopK(3), scores, count), counts(plain.withTopK(3).withTopP(Math.nextDown(1.0)), scores, count));
    assertArrayEquals(counts(plain.withTopK(1), scores, count), counts(plain.withTopK(1).withTopP(0.01), scores, count));
    // Off, and as good as off.
    assertArrayEquals(counts(plain, scores, count), counts(plain.withTopP(1), scores, count));
    assertArrayEquals(counts(plain, scores, count), counts(plain.withTopP(Math.nextDown(1.0)), scores, count));
    float[] equal = {9, -0.0f, 0, -0.0f, 0, 0, 9};
    assertShares(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0, 0, 0}, counts(plain.withTopP(0.6), equal, count));
    assertShares(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0, 0, 0}, counts(plain.withTopK(3), equal, count));
    // Scores far apart: the rest has weights of 0 and never comes, even where p cannot be reached without it.
    float[] steep = {9, -3e38f, 3e38f, 0, -1, 1, 9};
    assertArrayEquals(new int[] {0, count, 0, 0, 0}, counts(plain.withTopP(Math.nextDown(1.0)), steep, count));
  }

  /** Five standard deviations. */
  private static void assertShares(double[] expected, int[] counts) {
    int count = Arrays.stream(counts).sum();
    for (int k = 0; k < counts.length; k++) {
      assertEquals(expected[k], counts[k] / (double) count, 5 * Math.sqrt(expected[k] / count), "token " + k + " of " + Arrays.toString(counts));
    }
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
    int[] tokens = new Sampler(model, DType.F32).sample(List.of(Prompt.of(caption)), 1, SamplingOptions.paper(1).withTemperature(0), (done, total) -> {})
        .getFirst().tokens();
    double[] scores = wholeScores(caption, tokens);
    for (int cell = 0; cell < 9; cell++) {
      for (int k = 0; k < 5; k++) {
        assertTrue(scores[cell * 5 + k] <= scores[cell * 5 + tokens[cell]], "cell " + cell);
      }
    }
  }

  /** Two separate passes over whole sequences, put together by hand. */
  @Test
  void guidanceWeighsThePassWithTheCaptionAgainstTheOneWithout() {
    int[] caption = {3, 0, 6};
    int[] prefix = {0, 1};
    for (double guidance : new double[] {0, 0.5, 3}) {
      SamplingOptions options = SamplingOptions.paper(11).withGuidance(guidance);
      List<SampledImage> drawn = new Sampler(model, DType.F32).sample(List.of(Prompt.of(caption), new Prompt(caption, prefix)), 4, options,
          (tokens, total) -> {});
      TokenDraw draw = new TokenDraw(options, 5);
      for (SampledImage image : drawn) {
        double[] with = wholeScores(caption, image.tokens());
        double[] without = wholeScores(new int[0], image.tokens());
        float[] scores = new float[45];
        for (int i = 0; i < 45; i++) {
          scores[i] = (float) (without[i] + guidance * (with[i] - without[i]));
        }
        for (int cell = image.prompt() == 0 ? 0 : 2; cell < 9; cell++) {
          assertEquals(draw.draw(scores, cell * 5, image.prompt(), image.image(), cell), image.tokens()[cell], "cell " + cell + " of " + image);
        }
        assertTrue(image.prompt() == 0 || Arrays.equals(prefix, Arrays.copyOf(image.tokens(), 2)));
      }
    }
    assertFalse(Arrays.equals(tokens(Prompt.of(caption), SamplingOptions.paper(11)), tokens(Prompt.of(caption), SamplingOptions.paper(11).withGuidance(9))),
        "it makes a difference");
    // Without the caption: the empty one, unguided. After the empty caption both passes are one.
    assertArrayEquals(tokens(Prompt.of(new int[0]), SamplingOptions.paper(11)), tokens(Prompt.of(caption), SamplingOptions.paper(11).withGuidance(0)));
    assertArrayEquals(tokens(Prompt.of(new int[0]), SamplingOptions.paper(11)), tokens(Prompt.of(new int[0]), SamplingOptions.paper(11).withGuidance(7)));
    assertArrayEquals(tokens(Prompt.of(caption), SamplingOptions.paper(11)), tokens(Prompt.of(caption), SamplingOptions.paper(11).withGuidance(1)));
  }

  private int[] tokens(Prompt prompt, SamplingOptions options) {
    return new Sampler(model, DType.F32).sample(List.of(prompt), 1, options, (tokens, total) -> {}).getFirst().tokens();
  }

  /** Each image comes when its batch is done, and one of them by itself is the same. */
  @Test
  void imagesComeAsTheyAreReadyAndCanBeDrawnAgainOneByOne() {
    List<Prompt> prompts = List.of(new Prompt(new int[] {3, 0, 6}, new int[] {1, 1, 1}), Prompt.of(new int[0]), Prompt.of(new int[] {1, 2, 3, 4, 5}));
    SamplingOptions options = SamplingOptions.paper(7).withBatch(4).withGuidance(1.5).withTopP(0.9);
    long[] heard = {0};
    List<SampledImage> images = new ArrayList<>();
    Sampler sampler = new Sampler(model, DType.F32);
    sampler.sample(prompts, 3, options, (tokens, total) -> heard[0] = tokens, image -> {
      // Three with a prefix, then four and two without.
      int batchEnd = images.size() < 3 ? 3 : images.size() < 7 ? 7 : 9;
      assertEquals(batchEnd * 9L, heard[0], "after the batch's last token, before the next one's first");
      images.add(image);
    });
    assertEquals(9, images.size());
    for (SampledImage image : images.reversed()) {
      List<SampledImage> again = new ArrayList<>();
      sampler.draw(List.of(new Sampler.Order(prompts.get(image.prompt()), image.prompt(), image.image())), options, (tokens, total) -> {}, again::add);
      assertEquals(1, again.size());
      assertEquals(image.prompt(), again.getFirst().prompt());
      assertEquals(image.image(), again.getFirst().image());
      assertArrayEquals(image.tokens(), again.getFirst().tokens());
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 2.5})
  void tokensDependOnSeedPromptAndImageAlone(double guidance) {
    List<Prompt> prompts = List.of(new Prompt(new int[] {3, 0, 6}, new int[] {1, 1, 1}), Prompt.of(new int[0]), Prompt.of(new int[] {1, 2, 3, 4, 5}),
        new Prompt(new int[] {2}, new int[] {4, 3, 2, 1, 0, 4, 3, 2, 1}));
    List<List<SampledImage>> runs = new ArrayList<>();
    List<Long> heard = new ArrayList<>();
    for (int batch : new int[] {1, 2, 5, 100, 100}) {
      heard.clear();
      runs.add(new Sampler(model, DType.F32).sample(prompts, 3, SamplingOptions.paper(7).withBatch(batch).withGuidance(guidance), (tokens, total) -> {
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
    List<SampledImage> other = new Sampler(model, DType.F32).sample(prompts, 3, SamplingOptions.paper(8).withBatch(100).withGuidance(guidance), (tokens, total) -> {});
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
        () -> sample(List.of(Prompt.of(new int[0])), 1, SamplingOptions.paper(1).withTopK(6)));
    assertMessage("temperature: expected 0 (the greatest score) to 1000000, got NaN", () -> options.withTemperature(Double.NaN));
    assertMessage("temperature: expected 0 (the greatest score) to 1000000, got -1.0", () -> options.withTemperature(-1));
    assertMessage("top-k: expected 0 (off) or more, got -1", () -> options.withTopK(-1));
    assertMessage("top-p: expected more than 0, at most 1 (off), got 0.0", () -> options.withTopP(0));
    assertMessage("top-p: expected more than 0, at most 1 (off), got 1.5", () -> options.withTopP(1.5));
    assertMessage("top-p: expected more than 0, at most 1 (off), got NaN", () -> options.withTopP(Double.NaN));
    assertMessage("guidance: expected 0 (without the caption) to 1000, 1 being off, got -0.5", () -> options.withGuidance(-0.5));
    assertMessage("guidance: expected 0 (without the caption) to 1000, 1 being off, got NaN", () -> options.withGuidance(Double.NaN));
    assertMessage("guidance: expected 0 (without the caption) to 1000, 1 being off, got Infinity",
        () -> options.withGuidance(Double.POSITIVE_INFINITY));
    assertMessage("order: expected a prompt and an image from 0 on, got prompt -1, image 0",
        () -> new Sampler.Order(Prompt.of(new int[0]), -1, 0));
    assertMessage("batch: expected 1 or more, got 0", () -> options.withBatch(0));
    assertMessage("compute type: expected a floating-point type, got I32", () -> new Sampler(model, DType.I32));
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
