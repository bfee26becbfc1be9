package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExponentialMovingAverageTest {
  static Stream<Device> devices() {
    return Stream.of(new ReferenceDevice(), Device.cpu(2), OpaqueDevice.open(2));
  }

  /** Without the reference, which rounds nothing. */
  static Stream<Device> processors() {
    return devices().skip(1);
  }

  private static ParameterSet parameters(Scope scope, float a, float b) {
    ParameterSet parameters = new ParameterSet(scope);
    parameters.add("a", Parameter.Kind.MATRIX, 1).value().write(new float[] {a});
    parameters.add("b", Parameter.Kind.FULL, 2).value().write(new float[] {b, -b});
    return parameters;
  }

  /** A value that jumps from 0 to 1 is averaged to 1 - decay^n after n times. */
  @ParameterizedTest
  @MethodSource("devices")
  void followsAJumpGeometrically(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope, 0, 2);
      ParameterSet target = parameters(scope, 9, 9);
      ExponentialMovingAverage average = new ExponentialMovingAverage(scope, parameters.all(), new MovingAverageConfig(0.99, 25));
      parameters.get("a").value().write(new float[] {1});
      int times = 0;
      for (long update = 1; update <= 1_000; update++) {
        if (average.update(update)) {
          times++;
        }
      }
      assertEquals(40, times);
      average.copyTo(target);
      // Each of the 40 roundings is at most half a unit of a value below 1.
      assertEquals(1 - Math.pow(0.99, 40), target.get("a").value().toFloat(), 40 * 0x1p-25);
      assertArrayEquals(new float[] {2, -2}, target.get("b").value().toFloats(), "what never moved is exact");
      assertEquals(1, parameters.get("a").value().toFloat(), "the model itself stays");

      average.restart();
      average.copyTo(target);
      assertEquals(1, target.get("a").value().toFloat());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void stateContinuesWhereItWasLeft(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope, 1, 2);
      ExponentialMovingAverage first = new ExponentialMovingAverage(scope, parameters.all(), MovingAverageConfig.DVAE);
      parameters.get("a").value().write(new float[] {5});
      assertTrue(first.update(1));
      ExponentialMovingAverage second = new ExponentialMovingAverage(scope, parameters.all(), MovingAverageConfig.DVAE);
      assertEquals("average.a", first.state().get(0).name());
      assertEquals("average.b", first.state().get(1).name());
      for (int i = 0; i < 2; i++) {
        second.state().get(i).tensor().write(first.state().get(i).tensor().toFloats());
      }
      first.update(2);
      second.update(2);
      for (int i = 0; i < 2; i++) {
        assertArrayEquals(first.state().get(i).tensor().toFloats(), second.state().get(i).tensor().toFloats(), 1e-6f);
      }
      assertEquals(1 + 4 * (1 - 0.999 * 0.999), first.state().getFirst().tensor().toFloat(), 1e-6);
    }
  }

  /** Matrices in 16 bits are averaged in F32, as the same numbers in F32 are, and an average that goes back into such a model is rounded to it. */
  @ParameterizedTest
  @MethodSource("processors")
  void matricesIn16BitsAreAveragedIn32(Device device) {
    for (DType type : new DType[] {DType.F16, DType.BF16}) {
      try (Scope scope = device.newScope()) {
        Parameter narrow = new ParameterSet(scope, type).add("w", Parameter.Kind.MATRIX, 257);
        ParameterSet wideSet = new ParameterSet(scope);
        Parameter wide = wideSet.add("w", Parameter.Kind.MATRIX, 257);
        narrow.drawNormal(1, 2, 1);
        device.ops().copy(narrow.value(), wide.value());
        ExponentialMovingAverage one = new ExponentialMovingAverage(scope, List.of(narrow), new MovingAverageConfig(0.9, 1));
        ExponentialMovingAverage other = new ExponentialMovingAverage(scope, List.of(wide), new MovingAverageConfig(0.9, 1));
        narrow.drawNormal(1, 3, 1);
        device.ops().copy(narrow.value(), wide.value());
        one.update(1);
        other.update(1);
        assertEquals(DType.F32, one.state().getFirst().tensor().dtype());
        assertArrayEquals(other.state().getFirst().tensor().toFloats(), one.state().getFirst().tensor().toFloats());

        ParameterSet target = new ParameterSet(scope, type);
        target.add("w", Parameter.Kind.MATRIX, 257);
        one.copyTo(target);
        Tensor rounded = scope.allocate(type, 257);
        device.ops().copy(other.state().getFirst().tensor(), rounded);
        assertArrayEquals(rounded.toFloats(), target.get("w").value().toFloats());
        one.restart();
        assertArrayEquals(narrow.value().toFloats(), one.state().getFirst().tensor().toFloats());
      }
    }
  }

  /** An average of values that are rounded master copies is off the average of those by what rounding is off at most. */
  @ParameterizedTest
  @MethodSource("processors")
  void averagesOfValuesAreThoseOfMasterCopiesUpToRounding(Device device) {
    int count = 1_000;
    for (DType type : new DType[] {DType.F16, DType.BF16}) {
      try (Scope scope = device.newScope()) {
        Parameter parameter = new ParameterSet(scope, type).add("w", Parameter.Kind.MATRIX, count);
        parameter.drawNormal(1, 0, 1);
        AdamW adam = new AdamW(scope, List.of(parameter), AdamWConfig.TRANSFORMER);
        Tensor master = adam.state().stream().filter(tensor -> tensor.name().equals("adamw.master.w")).findFirst().orElseThrow().tensor();
        MovingAverageConfig config = new MovingAverageConfig(0.9, 1);
        ExponentialMovingAverage average = new ExponentialMovingAverage(scope, List.of(parameter), config);
        Tensor exact = scope.allocate(DType.F32, count);
        device.ops().copy(master, exact);
        float[] greatest = new float[count];
        for (int update = 1; update <= 100; update++) {
          long stream = update;
          parameter.clearGradient();
          parameter.addGradient((gradient, accumulate) -> device.ops().normal(2, stream, 1, gradient));
          adam.update(1e-3, 1.0);
          average.update(update);
          device.operations(OptimizerOps.class).average(master, config.decay(), exact);
          float[] masters = master.toFloats();
          for (int i = 0; i < count; i++) {
            greatest[i] = Math.max(greatest[i], Math.abs(masters[i]));
          }
        }
        float[] expected = exact.toFloats();
        float[] actual = average.state().getFirst().tensor().toFloats();
        int different = 0;
        for (int i = 0; i < count; i++) {
          // Half a unit of the 16-bit type (of its smallest normal number for those below), and roundings to F32 of which each averaging forgets a tenth.
          double unit = type.epsilon() * Math.max(greatest[i], type == DType.F16 ? 0x1p-14 : 0x1p-126);
          assertEquals(expected[i], actual[i], unit / 2 + 20 * DType.F32.epsilon() * greatest[i], "element " + i);
          different += expected[i] == actual[i] ? 0 : 1;
        }
        assertTrue(different > count / 2, "the values are averaged, not their master copies");
      }
    }
  }

  @Test
  void intervalsAreCountedFromOne() {
    try (Scope scope = new ReferenceDevice().newScope()) {
      ExponentialMovingAverage average = new ExponentialMovingAverage(scope, parameters(scope, 1, 1).all(), MovingAverageConfig.TRANSFORMER);
      assertFalse(average.update(1));
      assertFalse(average.update(24));
      assertTrue(average.update(25));
      assertFalse(average.update(26));
      assertEquals("update: expected a number of at least 1, got 0",
          assertThrows(IllegalArgumentException.class, () -> average.update(0)).getMessage());
    }
  }

  @Test
  void aTargetThatDoesNotFitIsRefusedAndStaysAsItIs() {
    try (Scope scope = new ReferenceDevice().newScope()) {
      ExponentialMovingAverage average = new ExponentialMovingAverage(scope, parameters(scope, 1, 1).all(), MovingAverageConfig.DVAE);
      ParameterSet target = new ParameterSet(scope);
      target.add("a", Parameter.Kind.MATRIX, 1).value().write(new float[] {3});
      assertEquals("no parameter is named b", assertThrows(IllegalArgumentException.class, () -> average.copyTo(target)).getMessage());
      target.add("b", Parameter.Kind.MATRIX, 3);
      assertEquals("b: expected [2] like its average, got [3]", assertThrows(ShapeException.class, () -> average.copyTo(target)).getMessage());
      assertEquals(3, target.get("a").value().toFloat());
    }
  }

  @Test
  void everyCheckOfTheConfigurationFires() {
    assertEquals("decay: expected a number in [0, 1), got 1.0",
        assertThrows(IllegalArgumentException.class, () -> new MovingAverageConfig(1, 1)).getMessage());
    assertEquals("interval: expected at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> new MovingAverageConfig(0.5, 0)).getMessage());
  }
}
