package dev.dalle.dvae;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.GradientCheck;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DvaeFunctionsTest {
  private final ReferenceDevice device = new ReferenceDevice();

  private Tensor random(Scope scope, long seed, double low, double high, long... dims) {
    Tensor tensor = scope.allocate(DType.F32, dims);
    ReferenceDevice.write(tensor, new Random(seed).doubles(tensor.elementCount(), low, high).toArray());
    return tensor;
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 0.3, 1.0 / 16})
  void gumbelSoftmaxHasTheGradientOfCentralDifferences(double temperature) {
    try (Scope scope = device.newScope()) {
      GradientCheck.check(device, List.of(random(scope, 1, -2, 2, 3, 7)), List.of(),
          (tape, in) -> DvaeFunctions.gumbelSoftmax(tape, in.getFirst(), temperature, 5, 6));
    }
  }

  @Test
  void logitLaplaceHasTheGradientOfCentralDifferences() {
    try (Scope scope = device.newScope()) {
      Tensor mapped = random(scope, 1, 0.1, 0.9, 2, 3, 3);
      GradientCheck.check(device, List.of(random(scope, 2, -2, 2, 2, 3, 6)), List.of(),
          (tape, in) -> DvaeFunctions.logitLaplaceSum(tape, mapped, in.getFirst(), OptionalDouble.empty()));
      GradientCheck.check(device, List.of(random(scope, 3, -2, 2, 2, 3, 6)), List.of(),
          (tape, in) -> DvaeFunctions.logitLaplaceSum(tape, mapped, in.getFirst(), OptionalDouble.of(-0.5)));
    }
  }

  @Test
  void divergenceHasTheGradientOfCentralDifferences() {
    try (Scope scope = device.newScope()) {
      GradientCheck.check(device, List.of(random(scope, 1, -3, 3, 2, 2, 7)), List.of(),
          (tape, in) -> DvaeFunctions.uniformDivergenceSum(tape, in.getFirst()));
    }
  }

  @Test
  void affineHasTheGradientOfCentralDifferences() {
    try (Scope scope = device.newScope()) {
      GradientCheck.check(device, List.of(random(scope, 1, -3, 3, 13)), List.of(),
          (tape, in) -> DvaeFunctions.affine(tape, in.getFirst(), -2.5, 0.75, DType.F32));
    }
  }

  @Test
  void logitLaplaceIntegratesToOne() {
    // The density must be one on (0, 1): the midpoint rule on exp(-loss).
    int count = 200_000;
    try (Scope scope = device.newScope()) {
      double[] x = new double[count];
      double[] maps = new double[2 * count];
      for (int i = 0; i < count; i++) {
        x[i] = (i + 0.5) / count;
        maps[2 * i] = 0.7;
        maps[2 * i + 1] = Math.log(0.4);
      }
      Tensor pixels = scope.allocate(DType.F32, count, 1);
      Tensor mapTensor = scope.allocate(DType.F32, count, 2);
      Tensor losses = scope.allocate(DType.F32, count, 1);
      ReferenceDevice.write(pixels, x);
      ReferenceDevice.write(mapTensor, maps);
      device.operations(DvaeOps.class).logitLaplace(pixels, mapTensor, Double.NEGATIVE_INFINITY, losses);
      double integral = 0;
      for (double loss : ReferenceDevice.read(losses)) {
        integral += Math.exp(-loss) / count;
      }
      assertEquals(1, integral, 1e-6);
    }
  }

  @Test
  void divergenceOfOneHotIsTheLogarithmOfTheVocabularyAndOfEqualLogitsZero() {
    try (Scope scope = device.newScope()) {
      Tensor logits = scope.of(new float[] {1e4f, -1e4f, 0, 5, 5, 5}, 2, 3);
      Tensor divergences = scope.allocate(DType.F32, 2);
      device.operations(DvaeOps.class).uniformDivergence(logits, divergences);
      assertEquals(Math.log(3), ReferenceDevice.read(divergences)[0], 1e-12);
      assertEquals(0, ReferenceDevice.read(divergences)[1], 1e-12);
    }
  }

  @Test
  void drawsFollowTheCategoricalDistribution() {
    // The greatest entry of a relaxed draw is a draw from softmax(logits), whatever the temperature (Gumbel-max).
    int rows = 20_000;
    double[] p = {0.5, 0.3, 0.15, 0.05};
    try (Scope scope = device.newScope()) {
      Tensor logits = scope.allocate(DType.F32, rows, 4);
      double[] values = new double[4 * rows];
      for (int i = 0; i < values.length; i++) {
        values[i] = Math.log(p[i % 4]);
      }
      ReferenceDevice.write(logits, values);
      Tensor code = DvaeFunctions.gumbelSoftmax(Tape.inference(scope, DType.F32), logits, 0.5, 1, 2);
      Tensor ids = scope.allocate(DType.I32, rows);
      device.ops().argmax(code, ids);
      long[] counts = CodebookUse.none(4).plus(ids.toInts()).counts();
      for (int k = 0; k < 4; k++) {
        assertEquals(p[k], counts[k] / (double) rows, 5 * Math.sqrt(p[k] * (1 - p[k]) / rows));
      }
    }
  }
}
