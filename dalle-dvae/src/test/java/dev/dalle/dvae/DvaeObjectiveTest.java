package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.GradientCheck;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

class DvaeObjectiveTest {
  private final ReferenceDevice device = new ReferenceDevice();

  @Test
  void everyParameterHasTheGradientOfCentralDifferences() {
    DvaeConfig config = TestModels.tiny();
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
      double[] x = ReferenceDevice.read(pixels);
      double[] maps = ReferenceDevice.read(loss.maps());
      double[] logits = ReferenceDevice.read(loss.logits());
      double likelihood = 0;
      for (int i = 0; i < x.length; i++) {
        double v = 0.8 * x[i] + 0.1;
        double b = Math.exp(Math.max(-3, maps[i / 3 * 6 + 3 + i % 3]));
        double mu = maps[i / 3 * 6 + i % 3];
        likelihood += Math.log(Math.exp(-Math.abs(Math.log(v / (1 - v)) - mu) / b) / (2 * b * v * (1 - v)));
      }
      double divergence = 0;
      for (int n = 0; n < logits.length; n += 5) {
        double total = 0;
        for (int k = 0; k < 5; k++) {
          total += Math.exp(logits[n + k]);
        }
        for (int k = 0; k < 5; k++) {
          double q = Math.exp(logits[n + k]) / total;
          divergence += q * Math.log(q / (1.0 / 5));
        }
      }
      assertEquals(-(likelihood - beta * divergence) / x.length, ReferenceDevice.read(loss.loss())[0], 1e-12);
      assertEquals(-likelihood / x.length, ReferenceDevice.read(loss.reconstruction())[0], 1e-12);
      assertEquals(divergence / (3 * 16), ReferenceDevice.read(loss.divergence())[0], 1e-12);
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
