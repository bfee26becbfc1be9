package dev.dalle.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.tensor.testing.OpaqueDevice;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Parameters whose matrices are kept in 16 bits. */
class ParameterTest {
  static Stream<Device> devices() {
    return Stream.of(Device.cpu(2), OpaqueDevice.open(2));
  }

  private static float rounded(DType type, float value) {
    return switch (type) {
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case BF16 -> Float.intBitsToFloat(HostCopies.bfloat16(value) << 16);
      default -> value;
    };
  }

  @ParameterizedTest
  @MethodSource("devices")
  void normalNumbersAreThoseOfF32Rounded(Device device) {
    for (DType type : new DType[] {DType.F32, DType.F16, DType.BF16}) {
      try (Scope scope = device.newScope()) {
        // A deviation that leads some numbers into the subnormal ones of F16.
        Parameter parameter = new Parameter(scope, "w", Parameter.Kind.MATRIX, Shape.of(31, 67), type);
        long before = device.bytesInUse();
        parameter.drawNormal(3, 5, 1e-3);
        assertEquals(before, device.bytesInUse());
        assertEquals(type, parameter.value().dtype());
        float[] values = parameter.value().toFloats();
        for (int i = 0; i < values.length; i++) {
          assertEquals(rounded(type, (float) (1e-3 * Philox.normal(3, 5, i))), values[i]);
        }
      }
    }
  }

  /** The gradient is that of the rounded values, in F32, however the tape computes. */
  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F16", "BF16"})
  void gradientsAreThoseOfEqualValuesInF32(DType type) {
    Device device = Device.cpu(2);
    try (Scope scope = device.newScope()) {
      Parameter narrow = new Parameter(scope, "narrow", Parameter.Kind.MATRIX, Shape.of(5, 7), type);
      Parameter wide = new Parameter(scope, "wide", Parameter.Kind.MATRIX, Shape.of(5, 7));
      Parameter bias = new Parameter(scope, "bias", Parameter.Kind.FULL, Shape.of(5));
      narrow.drawNormal(1, 2, 1);
      wide.value().write(narrow.value().toFloats());
      device.ops().fill(bias.value(), 0.25);
      Tensor x = scope.allocate(DType.F32, 3, 7);
      device.ops().normal(1, 3, 1, x);
      Tape tape = Tape.recording(scope, DType.F32);
      Tensor one = tape.linear(x, narrow, bias);
      Tensor other = tape.linear(x, wide, bias);
      assertArrayEquals(other.toFloats(), one.toFloats());
      tape.backward(tape.add(one, tape.scale(other, 2)), one);
      float[] twice = narrow.gradient().toFloats();
      for (int i = 0; i < twice.length; i++) {
        twice[i] *= 2;
      }
      assertEquals(DType.F32, narrow.gradient().dtype());
      assertArrayEquals(wide.gradient().toFloats(), twice, 1e-4f);

      Tape byValue = Tape.recording(scope, DType.F32);
      narrow.clearGradient();
      Tensor value = byValue.value(narrow, DType.F32);
      assertArrayEquals(wide.value().toFloats(), value.toFloats());
      byValue.backward(byValue.scale(value, 3), value);
      float[] expected = wide.value().toFloats();
      for (int i = 0; i < expected.length; i++) {
        expected[i] *= 3;
      }
      assertArrayEquals(expected, narrow.gradient().toFloats());
    }
  }

  @Test
  void setsKeepOnlyMatricesIn16Bits() {
    try (Scope scope = Device.cpu(1).newScope()) {
      ParameterSet set = new ParameterSet(scope, DType.BF16);
      assertEquals(DType.BF16, set.matrixType());
      assertEquals(DType.BF16, set.add("weight", Parameter.Kind.MATRIX, 2, 3).value().dtype());
      assertEquals(DType.F32, set.add("bias", Parameter.Kind.FULL, 3).value().dtype());
      assertEquals(DType.F32, set.get("weight").gradient().dtype());
      assertEquals(DType.F32, new ParameterSet(scope).add("weight", Parameter.Kind.MATRIX, 2).value().dtype());
      assertEquals("matrix type: expected F32, F16 or BF16, got I32",
          assertThrows(IllegalArgumentException.class, () -> new ParameterSet(scope, DType.I32)).getMessage());
    }
  }

  @Test
  void wrongTypesAreRefused() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      assertEquals("gain: value type: expected F32, in which parameters of kind FULL are kept, got F16", assertThrows(IllegalArgumentException.class,
          () -> new Parameter(scope, "gain", Parameter.Kind.FULL, Shape.of(3), DType.F16)).getMessage());
      assertEquals("w: value type: expected F32, F16 or BF16, got I64", assertThrows(IllegalArgumentException.class,
          () -> new Parameter(scope, "w", Parameter.Kind.MATRIX, Shape.of(3), DType.I64)).getMessage());
      assertEquals(0, device.bytesInUse());
    }
  }

  @Test
  void detachedParametersHaveWhatIsLentToThem() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      Parameter parameter = ParameterSet.detached(scope, DType.BF16).add("w", Parameter.Kind.MATRIX, 2, 3);
      assertEquals(0, device.bytesInUse());
      assertEquals(DType.BF16, parameter.valueType());
      assertEquals(Shape.of(2, 3), parameter.shape());
      assertEquals("w: its value is not here; attach it, or gather its block, before it is used",
          assertThrows(IllegalStateException.class, parameter::value).getMessage());
      assertThrows(IllegalStateException.class, parameter::gradient);
      assertThrows(IllegalStateException.class, () -> parameter.addGradient((gradient, accumulate) -> {}));
      assertEquals("w: value: expected BF16[2, 3], got F32[2, 3]@cpu",
          assertThrows(ShapeException.class, () -> parameter.attachValue(scope.allocate(DType.F32, 2, 3))).getMessage());
      Tensor value = scope.allocate(DType.BF16, 2, 3);
      parameter.attachValue(value);
      assertThrows(IllegalStateException.class, () -> parameter.attachValue(value));
      parameter.drawNormal(1, 2, 1);
      Tensor gradient = scope.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      parameter.attachGradient(gradient);
      assertArrayEquals(new float[6], parameter.gradient().toFloats());
      parameter.addGradient((sum, accumulate) -> sum.write(new float[] {6, 5, 4, 3, 2, 1}));
      parameter.detachGradient();
      parameter.detachValue();
      assertArrayEquals(new float[] {6, 5, 4, 3, 2, 1}, gradient.toFloats());
      assertThrows(IllegalStateException.class, parameter::value);
    }
  }
}
