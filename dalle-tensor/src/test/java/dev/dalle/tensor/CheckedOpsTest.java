package dev.dalle.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.tensor.testing.ReferenceDevice;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What is refused, and in which words. */
class CheckedOpsTest {
  private final ReferenceDevice device = new ReferenceDevice();
  private final Scope scope = device.newScope();
  private final Ops ops = device.ops();

  @AfterEach
  void close() {
    scope.close();
  }

  private Tensor f32(long... dims) {
    return scope.zeros(DType.F32, Shape.of(dims));
  }

  private static void refused(String message, Executable executable) {
    assertEquals(message, assertThrows(ShapeException.class, executable).getMessage());
  }

  @Test
  void namesArgumentExpectedAndGiven() {
    refused("b: expected 6 elements like a [2, 3], got F32[2, 4]@reference", () -> ops.add(f32(2, 3), f32(2, 4), f32(2, 3)));
    refused("bias: expected [3] (one for each column of x), got F32[4]@reference", () -> ops.addRow(f32(2, 3), f32(4), f32(2, 3)));
    refused("b: expected [3, 5] (to multiply a of [2, 3]), got F32[4, 5]@reference",
        () -> ops.matmul(f32(2, 3), false, f32(4, 5), false, 1, f32(2, 5), false));
    refused("weight: expected [outputs, inputs, k, k] with odd k, got F32[4, 3, 2, 2]@reference",
        () -> ops.convolution(f32(1, 4, 4, 3), f32(4, 3, 2, 2), f32(4), f32(1, 4, 4, 4)));
    refused("x: expected [1, 4, 4, 3] (with the 3 input channels of weight), got F32[1, 4, 4, 2]@reference",
        () -> ops.convolution(f32(1, 4, 4, 2), f32(4, 3, 3, 3), f32(4), f32(1, 4, 4, 4)));
    refused("in: expected even height and width, got F32[1, 3, 4, 1]@reference", () -> ops.maxPool2(f32(1, 3, 4, 1), f32(1, 1, 2, 1)));
    refused("indices: expected type I32, got F32[2]@reference", () -> ops.gatherRows(f32(3, 4), f32(2), f32(2, 4), false));
    refused("in: expected a floating-point tensor, got I32[2]@reference",
        () -> ops.scale(scope.of(new int[] {1, 2}, 2), 2, f32(2)));
  }

  @Test
  void refusesTensorsOfAnotherDevice() {
    ReferenceDevice other = new ReferenceDevice();
    try (Scope elsewhere = other.newScope()) {
      Tensor foreign = elsewhere.zeros(DType.F32, Shape.of(2));
      refused("b: expected a tensor on reference, got F32[2]@reference; copy it over first", () -> ops.add(f32(2), foreign, f32(2)));
    }
  }

  @Test
  void refusesImpossibleViews() {
    refused("reshape: [2, 3] has 6 elements, [4] has 4", () -> f32(2, 3).reshape(4));
    refused("slice [1, 3) asked of shape [2, 3]", () -> f32(2, 3).slice(1, 3));
    refused("a dimension cannot be negative: [2, -1]", () -> Shape.of(2, -1));
    refused("write: expected 6 values for F32[2, 3]@reference, got 5", () -> f32(2, 3).write(new float[5]));
  }

  @Test
  void refusesNumbersThatATypeHasNoPlaceFor() {
    Tensor codes = scope.zeros(DType.U16, Shape.of(3));
    for (int value : new int[] {-1, 65_536}) {
      assertEquals("write: value 1 for U16[3]@reference: expected 0 to 65535, got " + value,
          assertThrows(IllegalArgumentException.class, () -> codes.write(new int[] {7, value, 8})).getMessage());
    }
    assertEquals("write: value 0 for U8[1]@reference: expected 0 to 255, got 256",
        assertThrows(IllegalArgumentException.class, () -> scope.allocate(DType.U8, 1).write(new int[] {256})).getMessage());
    assertArrayEquals(new int[3], codes.toInts(), "nothing was written");
    codes.write(new int[] {65_535, 0, 40_000});
    assertArrayEquals(new int[] {65_535, 0, 40_000}, codes.toInts());
    refused("write(int[]): expected a tensor of I32, U16 or U8, got F32[1]@reference", () -> f32(1).write(new int[] {1}));
    refused("toInts: expected a tensor of I32, U16 or U8, got F32[1]@reference", () -> f32(1).toInts());
    refused("toFloats: expected a floating-point tensor, got U16[3]@reference", codes::toFloats);
    refused("in: expected a floating-point tensor, got I32[3]@reference", () -> ops.copy(scope.of(new int[3], 3), codes));
  }

  @Test
  void refusesAClosedScope() {
    Scope closed = device.newScope();
    closed.close();
    closed.close();
    assertEquals("allocate: this scope is closed",
        assertThrows(IllegalStateException.class, () -> closed.allocate(DType.F32, 1)).getMessage());
  }
}
