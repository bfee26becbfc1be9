package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TransformerConfig.Initialisation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The model on the processor, and on a device that delays everything and hides its memory, against the reference device. */
class TransformerDevicesTest {
  /** Text and grid that are no multiples of anything, heads of 12. */
  private static final TransformerConfig CONFIG =
      TransformerConfig.of(11, 5, 19, 23, 4, 36, 3).withInitialisation(new Initialisation(1, 1, false));

  private static final TokenBatch BATCH = new TokenBatch(new int[][] {{3, 0, 18}, {}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
      new int[][] {image(7), image(11), image(13)});

  private static int[] image(int factor) {
    int[] image = new int[25];
    Arrays.setAll(image, i -> (i * factor + 5) % 23);
    return image;
  }

  /** A device and the type it computes in. */
  record Place(Device device, DType type) {
    /** What the loss is multiplied by, so that gradients do not vanish; a power of two. */
    float lossScale() {
      return type == DType.F16 ? 4096 : 1;
    }

    double tolerance() {
      return type == DType.F32 ? 1e-5 : 6 * type.epsilon();
    }

    @Override
    public String toString() {
      return device.name() + " " + type;
    }
  }

  static Stream<Place> places() {
    Device cpu = Device.cpu(2);
    Device opaque = OpaqueDevice.open(2);
    return Stream.of(DType.F32, DType.BF16, DType.F16).flatMap(type -> Stream.of(new Place(cpu, type), new Place(opaque, type)));
  }

  private static void assumeComputes(Place place) {
    Assumptions.assumeTrue(place.device().computesIn(place.type()), () -> place + ": the processor does not multiply this type");
  }

  private record Step(float loss, float[] imageTokens, Map<String, float[]> gradients) {}

  private static Step step(Place place, TokenBatch batch, BlockRunner runner) {
    try (Scope scope = place.device().newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      Tape tape = Tape.recording(scope, place.type());
      TransformerLoss loss = model.loss(tape, batch, runner);
      tape.backward(loss.total(), scope.of(new float[] {place.lossScale()}, 1));
      Map<String, float[]> gradients = new HashMap<>();
      for (Parameter parameter : model.parameters()) {
        place.device().ops().scale(parameter.gradient(), 1 / place.lossScale(), parameter.gradient());
        gradients.put(parameter.name(), parameter.gradient().toFloats());
      }
      return new Step(loss.total().toFloat(), loss.imageTokens().toFloats(), gradients);
    }
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }

  @ParameterizedTest
  @MethodSource("places")
  void lossAndGradientsAgreeWithReference(Place place) {
    assumeComputes(place);
    Step expected = step(new Place(new ReferenceDevice(), DType.F32), BATCH, BlockRunner.kept());
    Step actual = step(place, BATCH, BlockRunner.kept());
    // Eight blocks deep, each rounds its activations a few times: in the size of whole arrays some tens of roundings.
    double tolerance = place.tolerance();
    assertEquals(expected.loss(), actual.loss(), tolerance * Math.abs(expected.loss()));
    expected.gradients().forEach((name, gradient) -> {
      float[] difference = gradient.clone();
      for (int i = 0; i < difference.length; i++) {
        difference[i] -= actual.gradients().get(name)[i];
      }
      assertTrue(norm(difference) <= tolerance * norm(gradient) + 1e-7, name + ": gradient of norm " + norm(gradient) + " is off by " + norm(difference));
    });
  }

  /** Matrices of the resblocks in 16 bits: the same initial numbers, rounded, and from there on the loss of a model that has those numbers in F32. */
  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F16", "BF16"})
  void matricesMayBeKeptIn16Bits(DType matrixType) {
    for (Device device : List.of(Device.cpu(2), OpaqueDevice.open(2))) {
      try (Scope scope = device.newScope()) {
        Transformer narrow = new Transformer(CONFIG, scope, matrixType);
        narrow.initialise(1);
        Transformer wide = TransformerTest.model(scope, CONFIG, 1);
        for (Parameter parameter : wide.parameters()) {
          Tensor value = narrow.parameters().get(parameter.name()).value();
          boolean block = parameter.name().startsWith("layer") && parameter.name().endsWith(".weight");
          assertEquals(block ? matrixType : DType.F32, value.dtype(), parameter.name());
          float[] expected = parameter.value().toFloats();
          float[] actual = value.toFloats();
          for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], actual[i], block ? matrixType.epsilon() / 2 * Math.abs(expected[i]) + 0x1p-25 : 0, parameter.name());
          }
          parameter.value().write(actual);
        }
        assertEquals(wide.loss(Tape.inference(scope, DType.F32), BATCH, BlockRunner.kept()).total().toFloat(),
            narrow.loss(Tape.inference(scope, DType.F32), BATCH, BlockRunner.kept()).total().toFloat());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void checkpointingAndRepetitionChangeNoBit(Place place) {
    assumeComputes(place);
    Step kept = step(place, BATCH, BlockRunner.kept());
    for (BlockRunner runner : List.of(BlockRunner.kept(), BlockRunner.checkpointed())) {
      Step again = step(place, BATCH, runner);
      assertEquals(kept.loss(), again.loss());
      kept.gradients().forEach((name, gradient) -> assertArrayEquals(gradient, again.gradients().get(name), name));
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void nothingLeaksFromTheFuture(Place place) {
    assumeComputes(place);
    float[] before = step(place, BATCH, BlockRunner.checkpointed()).imageTokens();
    for (int cell : new int[] {0, 6, 23}) {
      int[][] images = Arrays.stream(BATCH.images()).map(int[]::clone).toArray(int[][]::new);
      for (int[] image : images) {
        image[cell] = (image[cell] + 1) % 23;
      }
      float[] after = step(place, new TokenBatch(BATCH.captions(), images), BlockRunner.kept()).imageTokens();
      for (int b = 0; b < BATCH.size(); b++) {
        // The changed token's own loss moves with its target; those before it must not.
        assertArrayEquals(Arrays.copyOfRange(before, b * 25, b * 25 + cell), Arrays.copyOfRange(after, b * 25, b * 25 + cell), "cell " + cell);
        assertTrue(before[b * 25 + cell + 1] != after[b * 25 + cell + 1], "cell " + cell + " is read by the next");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void cachedScoresAreThoseOfWholeSequences(Place place) {
    assumeComputes(place);
    try (Scope scope = place.device().newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      float[] whole = model.logits(Tape.inference(scope, place.type()), BATCH, BlockRunner.kept()).image().toFloats();
      double tolerance = place.tolerance() * norm(whole) / Math.sqrt(whole.length);
      for (int given : new int[] {0, 10}) {
        int[][] prefixes = Arrays.stream(BATCH.images()).map(image -> Arrays.copyOf(image, given)).toArray(int[][]::new);
        try (PackedTransformer weights = new PackedTransformer(model, place.type());
            CachedDecoder decoder = new CachedDecoder(weights, BATCH.captions(), prefixes, new int[] {0, 1, 2}, given)) {
          for (int cell = given; cell < 25; cell++) {
            int at = cell;
            float[] scores = decoder.next(Arrays.stream(BATCH.images()).mapToInt(image -> at == 0 ? 0 : image[at - 1]).toArray());
            double squares = 0;
            for (int n = 0; n < 3; n++) {
              for (int k = 0; k < 23; k++) {
                squares += Math.pow(whole[(n * 25 + cell) * 23 + k] - scores[n * 23 + k], 2);
              }
            }
            assertTrue(Math.sqrt(squares / 69) <= tolerance, "cell " + cell + " of " + given + " given: off by " + Math.sqrt(squares / 69));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void memoryOfDrawingIsWhatWasTold(Place place) {
    assumeComputes(place);
    try (Scope scope = place.device().newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      for (int batch : new int[] {1, 20}) {
        List<Sampler.Order> orders = new ArrayList<>();
        for (int i = 0; i < batch; i++) {
          orders.add(new Sampler.Order(Prompt.of(new int[] {i % 10}), i, 0));
        }
        long before = place.device().bytesInUse();
        place.device().resetPeak();
        new Sampler(model, place.type()).draw(orders, SamplingOptions.paper(1).withBatch(batch).withGuidance(2), (tokens, total) -> {}, image -> {});
        long told = Sampler.bytesNeeded(CONFIG, place.type(), batch, true);
        long taken = place.device().peakBytes() - before;
        // Sequences without a caption share their prompt.
        assertTrue(taken <= told && taken > told / 2, batch + " images: told " + told + ", taken " + taken);
      }
    }
  }

  /** The same tokens, alone, in batches of a few, and among others with other captions; with a prefix, and guided. */
  @ParameterizedTest
  @MethodSource("places")
  void drawingDoesNotDependOnTheNeighbours(Place place) {
    assumeComputes(place);
    List<Sampler.Order> orders = new ArrayList<>();
    for (int number = 0; number < 3; number++) {
      Prompt prompt = new Prompt(BATCH.captions()[number], Arrays.copyOf(image(number), number == 1 ? 10 : 0));
      for (int image = 0; image < 13; image++) {
        orders.add(new Sampler.Order(prompt, number, image));
      }
    }
    try (Scope scope = place.device().newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      Sampler sampler = new Sampler(model, place.type());
      for (double guidance : new double[] {1, 2}) {
        SamplingOptions options = SamplingOptions.paper(5).withGuidance(guidance);
        List<int[]> together = new ArrayList<>();
        sampler.draw(orders, options.withBatch(64), (tokens, total) -> {}, image -> together.add(image.tokens()));
        for (int batch : new int[] {1, 5}) {
          List<int[]> some = new ArrayList<>();
          sampler.draw(orders.reversed(), options.withBatch(batch), (tokens, total) -> {}, image -> some.addFirst(image.tokens()));
          for (int i = 0; i < orders.size(); i++) {
            assertArrayEquals(together.get(i), some.get(i), "image " + i + ", " + batch + " at a time");
          }
        }
      }
    }
  }

  /** Scores of a sequence have the same bits whatever else is drawn with it. */
  @ParameterizedTest
  @MethodSource("places")
  void scoresDoNotDependOnTheNeighbours(Place place) {
    assumeComputes(place);
    try (Scope scope = place.device().newScope(); PackedTransformer weights = new PackedTransformer(TransformerTest.model(scope, CONFIG, 1), place.type())) {
      int[] promptOf = {2, 0, 1, 1, 0, 2, 2, 1, 0, 0, 1};
      float[][] together = scores(weights, BATCH.captions(), promptOf);
      for (int n = 0; n < promptOf.length; n++) {
        float[][] alone = scores(weights, new int[][] {BATCH.captions()[promptOf[n]]}, new int[] {0});
        for (int cell = 0; cell < alone.length; cell++) {
          assertArrayEquals(alone[cell], Arrays.copyOfRange(together[cell], n * 23, (n + 1) * 23), "cell " + cell + " of sequence " + n);
        }
      }
    }
  }

  /** Of all cells of an image whose tokens are 0, 1, 2 and so on. */
  private static float[][] scores(PackedTransformer weights, int[][] captions, int[] promptOf) {
    float[][] scores = new float[25][];
    try (CachedDecoder decoder = new CachedDecoder(weights, captions, new int[captions.length][0], promptOf, 0)) {
      for (int cell = 0; cell < scores.length; cell++) {
        int[] before = new int[promptOf.length];
        Arrays.fill(before, Math.max(0, cell - 1) % 23);
        scores[cell] = decoder.next(before);
      }
    }
    return scores;
  }

  /** A caption's token changes nothing before it, and the loss of what comes before a state gives that state no gradient. */
  @ParameterizedTest
  @MethodSource("places")
  void nothingLeaksWithinTheText(Place place) {
    assumeComputes(place);
    try (Scope scope = place.device().newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      int[][] changed = Arrays.stream(BATCH.captions()).map(int[]::clone).toArray(int[][]::new);
      int longest = 0;
      for (int b = 0; b < changed.length; b++) {
        longest = changed[b].length > changed[longest].length ? b : longest;
      }
      int at = changed[longest].length - 1;
      changed[longest][at] = (changed[longest][at] + 1) % CONFIG.textVocabulary();
      float[] before = model.loss(Tape.inference(scope, place.type()), BATCH, BlockRunner.kept()).textTokens().toFloats();
      float[] after = model.loss(Tape.inference(scope, place.type()), new TokenBatch(changed, BATCH.images()), BlockRunner.kept()).textTokens().toFloats();
      int first = 0;
      for (int b = 0; b < longest; b++) {
        first += changed[b].length;
      }
      assertArrayEquals(Arrays.copyOfRange(before, first, first + at), Arrays.copyOfRange(after, first, first + at));
      assertTrue(at >= 2, "the caption must be long enough for this to mean something");
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void drawingRepeatsAndGivesBackMemory(Place place) {
    assumeComputes(place);
    List<Prompt> prompts = List.of(Prompt.of(new int[] {1, 2, 3}), new Prompt(new int[] {4}, Arrays.copyOf(image(3), 10)));
    try (Scope scope = place.device().newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      long before = place.device().bytesInUse();
      Sampler sampler = new Sampler(model, place.type());
      List<SampledImage> first = sampler.sample(prompts, 2, SamplingOptions.paper(5), (tokens, total) -> {});
      List<SampledImage> second = sampler.sample(prompts, 2, SamplingOptions.paper(5), (tokens, total) -> {});
      for (int i = 0; i < 4; i++) {
        assertArrayEquals(first.get(i).tokens(), second.get(i).tokens());
      }
      assertArrayEquals(Arrays.copyOf(image(3), 10), Arrays.copyOf(first.get(2).tokens(), 10));
      assertEquals(before, place.device().bytesInUse());
    }
  }

  /** Losses of updates by plain descent with momentum. */
  private static float[] train(Place place, BlockRunner runner) {
    float[] losses = new float[60];
    try (Scope scope = place.device().newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      Map<Parameter, Tensor> velocities = new HashMap<>();
      model.parameters().forEach(parameter -> velocities.put(parameter, scope.zeros(DType.F32, parameter.shape())));
      long before = place.device().bytesInUse();
      for (int update = 0; update < losses.length; update++) {
        try (Scope step = place.device().newScope()) {
          model.parameters().clearGradients();
          Tape tape = Tape.recording(step, place.type());
          TransformerLoss loss = model.loss(tape, BATCH, runner);
          tape.backward(loss.total(), step.of(new float[] {place.lossScale()}, 1));
          velocities.forEach((parameter, velocity) -> {
            place.device().ops().scale(velocity, 0.9, velocity);
            place.device().ops().addScaled(parameter.gradient(), 1 / place.lossScale(), velocity);
            place.device().ops().addScaled(velocity, -0.02, parameter.value());
          });
          losses[update] = loss.total().toFloat();
        }
        assertEquals(before, place.device().bytesInUse());
      }
    }
    return losses;
  }

  /** In F16, with the loss scaled, training takes the path that it takes in F32. */
  @Test
  void trainingInHalfPrecisionFollowsThatInF32() {
    Device processor = Device.cpu(1);
    float[] floats = train(new Place(processor, DType.F32), BlockRunner.kept());
    float[] halves = train(new Place(processor, DType.F16), BlockRunner.checkpointed());
    for (int update = 0; update < floats.length; update++) {
      assertEquals(floats[update], halves[update], 0.005 * floats[update], "update " + update);
    }
    assertTrue(floats[floats.length - 1] < 0.5 * floats[0], "the loss goes from " + floats[0] + " to " + floats[floats.length - 1]);
  }
}
