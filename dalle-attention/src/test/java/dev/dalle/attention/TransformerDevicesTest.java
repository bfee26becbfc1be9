package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TransformerConfig.Initialisation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
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
    @Override
    public String toString() {
      return device.name() + " " + type;
    }
  }

  static Stream<Place> places() {
    Device cpu = Device.cpu(2);
    Device opaque = OpaqueDevice.open(2);
    return Stream.of(new Place(cpu, DType.F32), new Place(opaque, DType.F32), new Place(cpu, DType.BF16), new Place(opaque, DType.BF16));
  }

  private static void assumeComputes(Place place) {
    Assumptions.assumeTrue(place.device().computesIn(place.type()), () -> place + ": the processor does not multiply this type");
  }

  private record Step(float loss, float[] imageTokens, Map<String, float[]> gradients) {}

  private static Step step(Device device, DType type, TokenBatch batch, BlockRunner runner) {
    try (Scope scope = device.newScope()) {
      Transformer model = TransformerTest.model(scope, CONFIG, 1);
      Tape tape = Tape.recording(scope, type);
      TransformerLoss loss = model.loss(tape, batch, runner);
      tape.backward(loss.total(), scope.of(new float[] {1}, 1));
      Map<String, float[]> gradients = new HashMap<>();
      model.parameters().forEach(parameter -> gradients.put(parameter.name(), parameter.gradient().toFloats()));
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
    Step expected = step(new ReferenceDevice(), DType.F32, BATCH, BlockRunner.kept());
    Step actual = step(place.device(), place.type(), BATCH, BlockRunner.kept());
    // Eight blocks deep, each rounds its activations a few times: in the size of whole arrays some tens of roundings.
    double tolerance = place.type() == DType.F32 ? 1e-5 : 0.05;
    assertEquals(expected.loss(), actual.loss(), tolerance * Math.abs(expected.loss()));
    expected.gradients().forEach((name, gradient) -> {
      float[] difference = gradient.clone();
      for (int i = 0; i < difference.length; i++) {
        difference[i] -= actual.gradients().get(name)[i];
      }
      assertTrue(norm(difference) <= tolerance * norm(gradient) + 1e-7, name + ": gradient of norm " + norm(gradient) + " is off by " + norm(difference));
    });
  }

  @ParameterizedTest
  @MethodSource("places")
  void checkpointingAndRepetitionChangeNoBit(Place place) {
    assumeComputes(place);
    Step kept = step(place.device(), place.type(), BATCH, BlockRunner.kept());
    for (BlockRunner runner : List.of(BlockRunner.kept(), BlockRunner.checkpointed())) {
      Step again = step(place.device(), place.type(), BATCH, runner);
      assertEquals(kept.loss(), again.loss());
      kept.gradients().forEach((name, gradient) -> assertArrayEquals(gradient, again.gradients().get(name), name));
    }
  }

  @ParameterizedTest
  @MethodSource("places")
  void nothingLeaksFromTheFuture(Place place) {
    assumeComputes(place);
    float[] before = step(place.device(), place.type(), BATCH, BlockRunner.checkpointed()).imageTokens();
    for (int cell : new int[] {0, 6, 23}) {
      int[][] images = Arrays.stream(BATCH.images()).map(int[]::clone).toArray(int[][]::new);
      for (int[] image : images) {
        image[cell] = (image[cell] + 1) % 23;
      }
      float[] after = step(place.device(), place.type(), new TokenBatch(BATCH.captions(), images), BlockRunner.kept()).imageTokens();
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
      double tolerance = (place.type() == DType.F32 ? 1e-5 : 0.05) * norm(whole) / Math.sqrt(whole.length);
      for (int given : new int[] {0, 10}) {
        int[][] prefixes = Arrays.stream(BATCH.images()).map(image -> Arrays.copyOf(image, given)).toArray(int[][]::new);
        try (CachedDecoder decoder = new CachedDecoder(model, place.type(), BATCH.captions(), prefixes, new int[] {0, 1, 2}, given)) {
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
}
