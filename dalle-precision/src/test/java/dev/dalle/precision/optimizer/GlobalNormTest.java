package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GlobalNormTest {
  static Stream<Device> devices() {
    return Stream.of(new ReferenceDevice(), Device.cpu(2), OpaqueDevice.open(2));
  }

  /** Gradients 2, 3, 6 and nothing, so the norm is 7. */
  private static ParameterSet parameters(Scope scope) {
    ParameterSet parameters = new ParameterSet(scope);
    set(parameters.add("a", Parameter.Kind.MATRIX, 2), 2, -3);
    parameters.add("empty", Parameter.Kind.MATRIX, 5);
    set(parameters.add("b", Parameter.Kind.FULL, 1), 6);
    return parameters;
  }

  private static void set(Parameter parameter, float... gradient) {
    parameter.clearGradient();
    parameter.addGradient((tensor, accumulate) -> tensor.write(gradient));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void factorBringsALargeNormToTheThreshold(Device device) {
    try (Scope scope = device.newScope()) {
      GlobalNorm norm = new GlobalNorm(scope, parameters(scope).all());
      Tensor factor = norm.measure(1, 4);
      assertEquals(4.0 / 7, factor.toFloat(), 1e-7);
      GradientReport report = norm.read();
      assertEquals(7, report.norm());
      assertEquals(factor.toFloat(), report.factor());
      assertTrue(report.clipped(4));
      assertFalse(report.clipped(7));
      assertFalse(report.skipped());
      assertEquals(Optional.empty(), norm.firstNotFinite());

      assertEquals(1, norm.measure(1, 7).toFloat(), "at the threshold nothing is clipped");
      assertEquals(1, norm.measure(1, Double.POSITIVE_INFINITY).toFloat());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void thresholdAppliesToScaledGradients(Device device) {
    try (Scope scope = device.newScope()) {
      GlobalNorm norm = new GlobalNorm(scope, parameters(scope).all());
      assertEquals(0.5, norm.measure(0.5, 4).toFloat(), "3.5 is below 4");
      assertEquals(3.5, norm.read().norm());
      assertEquals(4.0 / 7, norm.measure(2, 4).toFloat(), 1e-7, "2 * 4 / 14");
      assertEquals(14, norm.read().norm());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void aGradientOfZeroIsAnUpdateWithoutClipping(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = parameters(scope);
      parameters.clearGradients();
      GlobalNorm norm = new GlobalNorm(scope, parameters.all());
      assertEquals(1, norm.measure(1, 4).toFloat());
      assertEquals(new GradientReport(0, 1), norm.read());
      assertEquals(1, new GlobalNorm(scope, new ParameterSet(scope).all()).measure(1, 4).toFloat(), "a model without parameters");
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void oneValueThatIsNotFiniteSkipsAndIsFound(Device device) {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      try (Scope scope = device.newScope()) {
        ParameterSet parameters = parameters(scope);
        GlobalNorm norm = new GlobalNorm(scope, parameters.all());
        set(parameters.get("empty"), 0, 0, bad, 0, 0);
        assertTrue(Float.isNaN(norm.measure(1, 4).toFloat()));
        assertTrue(norm.read().skipped());
        assertFalse(norm.read().clipped(4));
        assertSame(parameters.get("empty"), norm.firstNotFinite().orElseThrow());
        set(parameters.get("a"), bad, 1);
        norm.measure(1, 4);
        assertSame(parameters.get("a"), norm.firstNotFinite().orElseThrow());

        parameters.get("a").clearGradient();
        parameters.get("empty").clearGradient();
        assertEquals(4.0 / 6, norm.measure(1, 4).toFloat(), 1e-7, "the next measurement knows nothing of the last");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void beforeAnyMeasurementNothingIsUpdated(Device device) {
    try (Scope scope = device.newScope()) {
      assertTrue(new GlobalNorm(scope, parameters(scope).all()).read().skipped());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void wrongNumbersAreRefused(Device device) {
    try (Scope scope = device.newScope()) {
      GlobalNorm norm = new GlobalNorm(scope, parameters(scope).all());
      assertEquals("gradientScale: expected a positive number, got 0.0",
          assertThrows(IllegalArgumentException.class, () -> norm.measure(0, 4)).getMessage());
      assertEquals("threshold: expected a positive number or infinity, got NaN",
          assertThrows(IllegalArgumentException.class, () -> norm.measure(1, Double.NaN)).getMessage());
    }
  }
}
