package dev.dalle.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.attention.TransformerConfig.Initialisation;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.GradientCheck;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The model on the reference device, in double. */
class TransformerTest {
  /** Six layers, so that every pattern occurs and column attention twice. */
  static final TransformerConfig CONFIG =
      TransformerConfig.of(6, 3, 7, 5, 6, 8, 2).withInitialisation(new Initialisation(1, 1, false));

  static final TokenBatch BATCH = new TokenBatch(new int[][] {{3, 0, 6}, {}, {1, 2, 3, 4, 5}},
      new int[][] {{0, 1, 2, 3, 4, 0, 1, 2, 3}, {4, 4, 4, 4, 4, 4, 4, 4, 4}, {2, 0, 1, 4, 3, 3, 2, 1, 0}});

  static Transformer model(Scope scope, TransformerConfig config, long seed) {
    Transformer model = new Transformer(config, scope);
    model.initialise(seed);
    return model;
  }

  /** The picture of the paper: text of six states, a caption of three tokens after the start, an image. */
  @Test
  void inputsFollowThePaperPicture() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = new Transformer(CONFIG, scope);
      // Every table a decimal place of its own, row r being r + 1 at that place.
      Map<String, Double> place = Map.of("text.token", 1.0, "text.position", 10.0, "text.padding", 100.0, "image.token", 1e3, "image.row", 1e4,
          "image.column", 1e5, "start", 1e6);
      place.forEach((name, unit) -> {
        Parameter table = model.parameters().get(name);
        double[] values = new double[(int) table.shape().elementCount()];
        for (int i = 0; i < values.length; i++) {
          values[i] = unit * (i / CONFIG.width() + 1);
        }
        ReferenceDevice.write(table.value(), values);
      });
      Tensor x = model.embed(Tape.inference(scope, DType.F32), BATCH);
      assertArrayEquals(new long[] {3, 15, 8}, x.shape().toArray());
      double[] values = ReferenceDevice.read(x);
      double[] first = new double[15];
      for (int s = 0; s < 15; s++) {
        first[s] = values[s * 8 + 5];
      }
      assertArrayEquals(new double[] {1_000_010, 24, 31, 47, 500, 600, // start, three tokens at positions 1 to 3, padding of states 4 and 5
          2_110_000, 211_000, 312_000, // start of the image at cell (0, 0); token 0 at (0, 1), token 1 at (0, 2)
          123_000, 224_000, 325_000, 131_000, 232_000, 333_000}, first);
      assertEquals(200, values[(15 + 1) * 8], "the empty caption's state 1 is padding");
      assertEquals(1_000_010, values[15 * 8], "and its state 0 the start");
      assertEquals(66, values[(2 * 15 + 5) * 8], "a caption of the greatest length has no padding");
    }
  }

  @Test
  void initialWeightsFollowTheScheme() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      TransformerConfig config = TransformerConfig.of(40, 20, 300, 200, 2, 96, 2);
      Transformer model = model(scope, config, 3);
      Map<String, Double> deviations = new HashMap<>(Map.of("text.token", 0.125 / Math.sqrt(96), "text.position", 0.125 / Math.sqrt(96),
          "image.row", 0.125 / Math.sqrt(2 * 96), "layer1.attention.qkv.weight", 0.125 / Math.sqrt(96), "layer2.attention.out.weight",
          0.125 / Math.sqrt(96) / 2, "layer2.mlp.in.weight", 0.125 / Math.sqrt(96), "layer1.mlp.out.weight", 0.125 / Math.sqrt(4 * 96) / 2));
      deviations.putAll(Map.of("head.image.weight", 0.0, "layer1.mlp.in.bias", 0.0));
      deviations.forEach((name, expected) -> {
        double[] values = ReferenceDevice.read(model.parameters().get(name).value());
        double mean = Arrays.stream(values).average().orElseThrow();
        double deviation = Math.sqrt(Arrays.stream(values).map(v -> v * v).average().orElseThrow());
        // Five standard errors of a sample deviation and of a mean.
        assertEquals(expected, deviation, 5 * expected / Math.sqrt(2.0 * values.length), name);
        assertEquals(0, mean, 5 * expected / Math.sqrt(values.length), name);
      });
      assertTrue(Arrays.stream(ReferenceDevice.read(model.parameters().get("final.norm.gain").value())).allMatch(v -> v == 1));
      Transformer again = model(scope, config, 3);
      Transformer other = model(scope, config, 4);
      double[] here = ReferenceDevice.read(model.parameters().get("layer2.mlp.in.weight").value());
      assertArrayEquals(here, ReferenceDevice.read(again.parameters().get("layer2.mlp.in.weight").value()));
      assertNotEquals(here[0], ReferenceDevice.read(other.parameters().get("layer2.mlp.in.weight").value())[0]);
      assertNotEquals(here[0], ReferenceDevice.read(model.parameters().get("layer1.mlp.in.weight").value())[0]);
      assertEquals(config.parameterCount(), model.parameters().elementCount());
    }
  }

  @Test
  void lossIsThatOfItsLogits() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG.withHeadBias(true), 1);
      Tape tape = Tape.inference(scope, DType.F32);
      TransformerLoss loss = model.loss(tape, BATCH, BlockRunner.kept());
      TransformerLogits logits = model.logits(tape, BATCH, BlockRunner.kept());
      assertArrayEquals(new long[] {8, 7}, logits.text().shape().toArray());
      assertArrayEquals(new long[] {3, 9, 5}, logits.image().shape().toArray());
      double text = meanCrossEntropy(ReferenceDevice.read(logits.text()), 7, new int[] {3, 0, 6, 1, 2, 3, 4, 5}, loss.textTokens());
      int[] imageTokens = Arrays.stream(BATCH.images()).flatMapToInt(Arrays::stream).toArray();
      double image = meanCrossEntropy(ReferenceDevice.read(logits.image()), 5, imageTokens, loss.imageTokens());
      assertEquals(text, ReferenceDevice.read(loss.text())[0], 1e-12);
      assertEquals(image, ReferenceDevice.read(loss.image())[0], 1e-12);
      assertEquals(text / 8 + image * 7 / 8, ReferenceDevice.read(loss.total())[0], 1e-12);
    }
  }

  private static double meanCrossEntropy(double[] logits, int width, int[] targets, Tensor losses) {
    double total = 0;
    for (int n = 0; n < targets.length; n++) {
      double sum = 0;
      for (int c = 0; c < width; c++) {
        sum += Math.exp(logits[n * width + c]);
      }
      double expected = Math.log(sum) - logits[n * width + targets[n]];
      assertEquals(expected, ReferenceDevice.read(losses)[n], 1e-12);
      total += expected;
    }
    return total / targets.length;
  }

  @Test
  void zeroHeadsBeginUniform() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG.withInitialisation(Initialisation.sparseTransformer()), 1);
      TransformerLoss loss = model.loss(Tape.inference(scope, DType.F32), BATCH, BlockRunner.kept());
      assertEquals(Math.log(7), ReferenceDevice.read(loss.text())[0], 1e-12);
      assertEquals(Math.log(5), ReferenceDevice.read(loss.image())[0], 1e-12);
    }
  }

  @Test
  void emptyCaptionsCostNothing() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG, 1);
      TokenBatch batch = new TokenBatch(new int[][] {{}, {}}, new int[][] {BATCH.images()[0], BATCH.images()[1]});
      Tape tape = Tape.recording(scope, DType.F32);
      TransformerLoss loss = model.loss(tape, batch, BlockRunner.kept());
      tape.backward(loss.total(), scope.of(new float[] {1}, 1));
      assertEquals(0, ReferenceDevice.read(loss.text())[0]);
      assertEquals(ReferenceDevice.read(loss.image())[0] * 7 / 8, ReferenceDevice.read(loss.total())[0], 1e-12);
      assertTrue(model.parameters().get("head.text.weight").gradientEmpty());
    }
  }

  @Test
  void gradientsAreThoseOfCentralDifferences() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG.withHeadBias(true), 1);
      List<Parameter> some = List.of("text.token", "text.position", "text.padding", "image.token", "image.row", "image.column", "start",
          "layer1.attention.norm.gain", "layer2.attention.qkv.weight", "layer3.attention.qkv.bias", "layer4.attention.out.weight", "layer6.mlp.norm.bias",
          "layer5.mlp.in.weight", "layer2.mlp.out.bias", "final.norm.gain", "head.text.weight", "head.image.weight", "head.image.bias")
          .stream().map(model.parameters()::get).toList();
      GradientCheck.check(device, List.of(), some, (tape, inputs) -> model.loss(tape, BATCH, BlockRunner.kept()).total());
    }
  }

  private static Map<String, double[]> gradients(ReferenceDevice device, Transformer model, BlockRunner runner, DType type) {
    model.parameters().clearGradients();
    try (Scope step = device.newScope()) {
      Tape tape = Tape.recording(step, type);
      TransformerLoss loss = model.loss(tape, BATCH, runner);
      tape.backward(loss.total(), step.of(new float[] {3}, 1));
      Map<String, double[]> gradients = new HashMap<>();
      model.parameters().forEach(parameter -> gradients.put(parameter.name(), ReferenceDevice.read(parameter.gradient())));
      return gradients;
    }
  }

  @Test
  void checkpointedGradientsAreTheSameBits() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG, 1);
      for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
        Map<String, double[]> kept = gradients(device, model, BlockRunner.kept(), type);
        Map<String, double[]> checkpointed = gradients(device, model, BlockRunner.checkpointed(), type);
        kept.forEach((name, gradient) -> {
          assertArrayEquals(gradient, checkpointed.get(name), name);
          assertTrue(Arrays.stream(gradient).allMatch(Double::isFinite), name);
        });
        assertTrue(Arrays.stream(kept.get("layer1.attention.qkv.weight")).anyMatch(v -> v != 0));
      }
    }
  }

  @Test
  void checkpointingKeepsOnlyBlockInputs() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG, 1);
      long before = device.bytesInUse();
      long stream = 4L * BATCH.size() * CONFIG.length() * CONFIG.width();
      try (Scope step = device.newScope()) {
        Tape tape = Tape.recording(step, DType.F32);
        Tensor x = model.embed(tape, BATCH);
        long embedded = device.bytesInUse();
        model.run(tape, x, BlockRunner.checkpointed());
        assertEquals(stream * model.blocks().size(), device.bytesInUse() - embedded);
      }
      try (Scope step = device.newScope()) {
        Tape tape = Tape.inference(step, DType.F32);
        Tensor x = model.embed(tape, BATCH);
        long embedded = device.bytesInUse();
        model.run(tape, x, BlockRunner.kept());
        assertEquals(stream, device.bytesInUse() - embedded, "without a recording tape only the last output is left");
      }
      gradients(device, model, BlockRunner.checkpointed(), DType.BF16);
      assertEquals(before, device.bytesInUse(), "a step gives back everything");
    }
  }

  /** Changing text or image token t changes no score before the state that t is the input of, by one bit. */
  @Test
  void nothingLeaksFromTheFuture() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG, 1);
      for (BlockRunner runner : List.of(BlockRunner.kept(), BlockRunner.checkpointed())) {
        int[] caption = {1, 2, 3, 4, 5};
        int[] image = {2, 0, 1, 4, 3, 3, 2, 1, 0};
        double[][] before = scores(device, model, caption, image, runner);
        for (int t = 0; t < caption.length; t++) {
          int[] changed = caption.clone();
          changed[t] = 6;
          double[][] after = scores(device, model, changed, image, runner);
          // Token t is the input of state t + 1: scores of tokens 0 to t stay, all later ones move.
          assertArrayEquals(Arrays.copyOf(before[0], 7 * (t + 1)), Arrays.copyOf(after[0], 7 * (t + 1)), "text token " + t);
          assertTrue(t + 1 == caption.length || before[0][7 * (t + 1)] != after[0][7 * (t + 1)], "text token " + t + " is read");
          assertNotEquals(before[1][0], after[1][0], "the image reads text token " + t);
        }
        for (int t = 0; t < image.length; t++) {
          int[] changed = image.clone();
          changed[t] = (image[t] + 1) % 5;
          double[][] after = scores(device, model, caption, changed, runner);
          assertArrayEquals(before[0], after[0], "the text reads no image token");
          assertArrayEquals(Arrays.copyOf(before[1], 5 * (t + 1)), Arrays.copyOf(after[1], 5 * (t + 1)), "image token " + t);
          assertTrue(t + 1 == image.length || before[1][5 * (t + 1)] != after[1][5 * (t + 1)], "image token " + t + " is read");
        }
      }
    }
  }

  private static double[][] scores(ReferenceDevice device, Transformer model, int[] caption, int[] image, BlockRunner runner) {
    try (Scope step = device.newScope()) {
      TransformerLogits logits =
          model.logits(Tape.recording(step, DType.F32), new TokenBatch(new int[][] {caption}, new int[][] {image}), runner);
      return new double[][] {ReferenceDevice.read(logits.text()), ReferenceDevice.read(logits.image())};
    }
  }

  @Test
  void refusesTokensThatDoNotFit() {
    ReferenceDevice device = new ReferenceDevice();
    try (Scope scope = device.newScope()) {
      Transformer model = model(scope, CONFIG, 1);
      int[] image = BATCH.images()[0];
      assertMessage("caption 0: expected at most 5 tokens (6 text states, one of which is the start), got 6; cut it first",
          () -> embed(scope, model, new int[6], image));
      assertMessage("caption 0: token 1 is 7, the vocabulary has 0 to 6", () -> embed(scope, model, new int[] {0, 7}, image));
      assertMessage("image 0: token 0 is -1, the vocabulary has 0 to 4",
          () -> embed(scope, model, new int[0], new int[] {-1, 1, 2, 3, 4, 0, 1, 2, 3}));
      assertMessage("image 0: expected 9 tokens of a grid of side 3, got 2", () -> embed(scope, model, new int[0], new int[2]));
      assertMessage("images: expected one for each of 1 or more captions, got 2 captions and 1 images", () -> new TokenBatch(new int[2][0], new int[1][9]));
      assertMessage("images: expected one for each of 1 or more captions, got 0 captions and 0 images", () -> new TokenBatch(new int[0][], new int[0][]));
    }
  }

  private static void embed(Scope scope, Transformer model, int[] caption, int[] image) {
    model.embed(Tape.inference(scope, DType.F32), new TokenBatch(new int[][] {caption}, new int[][] {image}));
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
