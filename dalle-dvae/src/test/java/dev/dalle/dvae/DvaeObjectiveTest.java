package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.GradientCheck;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DvaeObjectiveTest {
  private final ReferenceDevice device = new ReferenceDevice();

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyParameterHasTheGradientOfCentralDifferences(boolean variant) {
    DvaeConfig config = variant ? TestModels.tinyVariant() : TestModels.tiny();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      drawBiases(dvae);
      Tensor pixels = TestModels.pixels(scope, config, 2, 2);
      GradientCheck.check(device, List.of(), dvae.parameters(), (tape, inputs) ->
          DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(0.7, 6.6, 11, 12)).loss());
    }
  }

  /** Biases of 0 put whole dead regions on the kink of a ReLU, where a central difference is not the gradient. */
  private void drawBiases(Dvae dvae) {
    dvae.parameters().stream().filter(p -> p.name().endsWith(".b"))
        .forEach(p -> device.ops().normal(9, Philox.stream(p.name().hashCode()), 0.2, p.value()));
  }

  @Test
  void paperConfigurationHasTheGradientOfCentralDifferencesToo() {
    DvaeConfig config = DvaeConfig.plain(4, 4, 2, 1, 3, 2);
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 5);
      drawBiases(dvae);
      Tensor pixels = TestModels.pixels(scope, config, 1, 2);
      GradientCheck.check(device, List.of(), dvae.parameters(), (tape, inputs) ->
          DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(1.0 / 16, 1, 1, 2)).loss());
    }
  }

  @Test
  void lossIsTheFormulaOfThePaper() {
    DvaeConfig config = TestModels.tiny();
    double beta = 3.5;
    double temperature = 0.5;
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 3, 4);
      DvaeLoss loss = DvaeObjective.negativeElb(Tape.inference(scope, DType.F32), dvae, pixels, new Relaxation(temperature, beta, 1, 2));
      assertIsTheFormula(pixels, ReferenceDevice.read(loss.logits()), ReferenceDevice.read(loss.maps()), beta, loss);
    }
  }

  /** Of 5 codes, with ln b bounded by -3. */
  private static void assertIsTheFormula(Tensor pixels, double[] logits, double[] maps, double beta, DvaeLoss loss) {
    double[] x = ReferenceDevice.read(pixels);
    double likelihood = 0;
    for (int i = 0; i < x.length; i++) {
      double v = 0.8 * x[i] + 0.1;
      double b = Math.exp(Math.max(-3, maps[i / 3 * 6 + 3 + i % 3]));
      double mu = maps[i / 3 * 6 + i % 3];
      likelihood += Math.log(Math.exp(-Math.abs(Math.log(v / (1 - v)) - mu) / b) / (2 * b * v * (1 - v)));
    }
    double divergence = 0;
    for (int n = 0; n < logits.length; n += 5) {
      for (double q : probabilities(logits, n, 5)) {
        divergence += q * Math.log(q / (1.0 / 5));
      }
    }
    assertEquals(-(likelihood - beta * divergence) / x.length, ReferenceDevice.read(loss.loss())[0], 1e-12);
    assertEquals(-likelihood / x.length, ReferenceDevice.read(loss.reconstruction())[0], 1e-12);
    assertEquals(divergence / (logits.length / 5), ReferenceDevice.read(loss.divergence())[0], 1e-12);
  }

  private static double[] probabilities(double[] logits, int from, int count) {
    double total = 0;
    for (int k = 0; k < count; k++) {
      total += Math.exp(logits[from + k]);
    }
    double[] probabilities = new double[count];
    for (int k = 0; k < count; k++) {
      probabilities[k] = Math.exp(logits[from + k]) / total;
    }
    return probabilities;
  }

  /** The maps of the codes that the greatest numbers of 5 stand for, by way of a one-hot code. */
  private static double[] mapsOfGreatest(Scope scope, Dvae dvae, double[] scores, int batch) {
    double[] oneHot = new double[scores.length];
    for (int n = 0; n < scores.length; n += 5) {
      int greatest = n;
      for (int k = n + 1; k < n + 5; k++) {
        greatest = scores[k] > scores[greatest] ? k : greatest;
      }
      oneHot[greatest] = 1;
    }
    Tensor code = scope.allocate(DType.F32, batch, 4, 4, 5);
    ReferenceDevice.write(code, oneHot);
    return ReferenceDevice.read(dvae.decoder().maps(Tape.inference(scope, DType.F32), code));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theTrueBoundIsOfDrawnCodesAndThatOfTheArgmaxOfTheMostProbable(boolean variant) {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, variant ? TestModels.tinyVariant() : TestModels.tiny(), 3);
      Tensor pixels = TestModels.pixels(scope, dvae.config(), 3, 4);
      Tape tape = Tape.inference(scope, DType.F32);
      double[] logits = ReferenceDevice.read(dvae.encoder().logits(tape, PixelMap.map(tape, pixels)));
      double[] noisy = logits.clone();
      for (int i = 0; i < noisy.length; i++) {
        noisy[i] -= Math.log(-Math.log(Philox.uniform(1, 2, i)));
      }
      double[] drawnMaps = mapsOfGreatest(scope, dvae, noisy, 3);
      double[] argmaxMaps = mapsOfGreatest(scope, dvae, logits, 3);
      assertFalse(java.util.Arrays.equals(drawnMaps, argmaxMaps));
      assertIsTheFormula(pixels, logits, drawnMaps, 1, DvaeObjective.trueNegativeElb(tape, dvae, pixels, 1, 2));
      assertIsTheFormula(pixels, logits, argmaxMaps, 1, DvaeObjective.argmaxNegativeElb(tape, dvae, pixels));
    }
  }

  @Test
  void theRelaxedBoundTendsToTheTrueOne() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, TestModels.tiny(), 3);
      Tensor pixels = TestModels.pixels(scope, dvae.config(), 2, 4);
      Tape tape = Tape.inference(scope, DType.F32);
      double exact = ReferenceDevice.read(DvaeObjective.trueNegativeElb(tape, dvae, pixels, 1, 2).loss())[0];
      assertEquals(exact, ReferenceDevice.read(DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(1e-7, 1, 1, 2)).loss())[0], 1e-12);
      assertTrue(Math.abs(exact - ReferenceDevice.read(DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(1, 1, 1, 2)).loss())[0]) > 1e-3);
    }
  }

  /** A picture of one position, where the expectation over the codes can be written out. */
  @Test
  void theMeanOfDrawsIsTheExpectation() {
    DvaeConfig config = new DvaeConfig(1, 4, 1, 1, 5, 3, 0.5, 4, Math.sqrt(2), 1.1, 0.5, 2, OptionalDouble.of(-3));
    int draws = 4000;
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 1, 4);
      Tape tape = Tape.inference(scope, DType.F32);
      Tensor mapped = PixelMap.map(tape, pixels);
      double[] q = probabilities(ReferenceDevice.read(dvae.encoder().logits(tape, mapped)), 0, 5);
      double expected = 0;
      double squares = 0;
      for (int k = 0; k < 5; k++) {
        Tensor maps = dvae.decoder().mapsOf(tape, scope.of(new int[] {k}, 1, 1, 1));
        double reconstruction = ReferenceDevice.read(DvaeFunctions.logitLaplaceSum(tape, mapped, maps, config.minLogScale()))[0] / 3;
        expected += q[k] * reconstruction;
        squares += q[k] * reconstruction * reconstruction;
      }
      double deviation = Math.sqrt(squares - expected * expected);
      assertTrue(deviation > 0.1, "codes that all decode to the same tell nothing: " + deviation);
      double sum = 0;
      for (int draw = 0; draw < draws; draw++) {
        try (Scope inner = device.newScope()) {
          sum += ReferenceDevice.read(DvaeObjective.trueNegativeElb(Tape.inference(inner, DType.F32), dvae, pixels, 1, draw).reconstruction())[0];
        }
      }
      assertEquals(expected, sum / draws, 5 * deviation / Math.sqrt(draws));
    }
  }

  @Test
  void chosenCodesCannotBeRecordedAndKeepTheResultOnly() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, TestModels.tiny(), 3);
      Tensor pixels = TestModels.pixels(scope, 2, 4, 12, 4);
      Tape recording = Tape.recording(scope, DType.F32);
      assertThrows(IllegalStateException.class, () -> DvaeObjective.trueNegativeElb(recording, dvae, pixels, 1, 2));
      assertThrows(IllegalStateException.class, () -> DvaeObjective.argmaxNegativeElb(recording, dvae, pixels));
      long before = device.bytesInUse();
      DvaeLoss loss = DvaeObjective.trueNegativeElb(Tape.inference(scope, DType.F32), dvae, pixels, 1, 2);
      assertEquals(before + loss.logits().byteSize() + loss.maps().byteSize() + 6 * 4, device.bytesInUse());
    }
  }

  @Test
  void picturesOfAnotherSizeThanThatOfTheTrainingAreRefused() {
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, TestModels.tiny(), 3);
      Tensor pixels = scope.allocate(DType.F32, 2, 8, 10, 3);
      assertEquals("pixels: expected F32[2, 8, 8, 3] [batch, size, size, channels], got F32[2, 8, 10, 3]@reference",
          assertThrows(ShapeException.class, () -> DvaeObjective.negativeElb(Tape.inference(scope, DType.F32), dvae, pixels, new Relaxation(1, 1, 1, 1)))
              .getMessage());
    }
  }

  @Test
  void equalDrawsGiveEqualLossesAndOtherStreamsOthers() {
    DvaeConfig config = TestModels.tiny();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 1, 4);
      double first = value(scope, dvae, pixels, 5);
      assertEquals(first, value(scope, dvae, pixels, 5));
      assertFalse(first == value(scope, dvae, pixels, 6));
    }
  }

  private static double value(Scope scope, Dvae dvae, Tensor pixels, long stream) {
    return ReferenceDevice.read(DvaeObjective.negativeElb(Tape.inference(scope, DType.F32), dvae, pixels,
        new Relaxation(0.5, 1, 1, stream)).loss())[0];
  }

  @Test
  void aStepReturnsItsMemory() {
    DvaeConfig config = TestModels.tiny();
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 2, 4);
      Tensor one = scope.of(new float[] {1}, 1);
      long before = device.bytesInUse();
      double[] first = step(dvae, pixels, one);
      assertEquals(before, device.bytesInUse());
      assertArrayEquals(first, step(dvae, pixels, one));
      assertEquals(before, device.bytesInUse());
    }
    assertEquals(0, device.bytesInUse());
  }

  private double[] step(Dvae dvae, Tensor pixels, Tensor one) {
    dvae.parameters().clearGradients();
    try (Scope step = device.newScope()) {
      Tape tape = Tape.recording(step, DType.F32);
      DvaeLoss loss = DvaeObjective.negativeElb(tape, dvae, pixels, new Relaxation(0.5, 1, 1, 2));
      tape.backward(loss.loss(), one);
    }
    return ReferenceDevice.read(dvae.parameters().get("encoder.blocks.input.w").gradient());
  }

  @Test
  void aBlockKeepsAFewMapsOnly() {
    // Kept for the way back: per block at most the ReLU of its input, its input where a convolution stands beside it, and three quarter-wide maps.
    DvaeConfig config = DvaeConfig.plain(16, 8, 2, 2, 5, 3);
    try (Scope scope = device.newScope()) {
      Dvae dvae = TestModels.initialised(scope, config, 3);
      Tensor pixels = TestModels.pixels(scope, config, 1, 4);
      long before = device.bytesInUse();
      try (Scope step = device.newScope()) {
        Tape tape = Tape.recording(step, DType.F32);
        dvae.encoder().logits(tape, pixels);
        long map = 4 * 16 * 16 * 8;
        long groupOne = 2 * (map + 3 * map / 4) + map;
        long groupTwo = (map / 4 + map / 4 + 3 * map / 8) + (map / 2 + 3 * map / 8) + map / 2;
        long ends = 4 * 16 * 16 * 3 + 4 * 8 * 8 * 5;
        long kept = device.bytesInUse() - before;
        assertTrue(kept <= groupOne + groupTwo + ends, kept + " bytes kept, " + (groupOne + groupTwo + ends) + " needed");
      }
    }
  }
}
