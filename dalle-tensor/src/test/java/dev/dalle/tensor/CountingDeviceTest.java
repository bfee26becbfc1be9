package dev.dalle.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** That what is counted is what the processor takes, for operations that take memory beside their tensors. */
class CountingDeviceTest {
  private static final DType HALF = DType.F16;

  /** The most memory beside what a scope holds when an operation runs in it. */
  private static long taken(Device device, BiConsumer<Scope, Ops> operation) {
    try (Scope scope = device.newScope()) {
      Ops ops = device.ops();
      operation.accept(scope, ops);
      device.synchronize();
      long before = device.bytesInUse();
      device.resetPeak();
      operation.accept(scope, ops);
      device.synchronize();
      return device.peakBytes() - before;
    }
  }

  private static void same(long atLeast, BiConsumer<Scope, Ops> operation) {
    long counted = taken(new CountingDevice(), operation);
    assertEquals(taken(Device.cpu(2), operation), counted);
    assertTrue(counted >= atLeast, counted + " bytes");
  }

  @Test
  void countsTheOperandsOfProductsInHalfPrecision() {
    same(4 * (600 + 1000 + 1500), (scope, ops) -> ops.matmul(scope.zeros(HALF, Shape.of(20, 30)), false, scope.zeros(HALF, Shape.of(30, 50)), false, 1,
        scope.zeros(HALF, Shape.of(20, 50)), true));
    same(4 * (600 + 1500), (scope, ops) -> ops.linear(scope.zeros(HALF, Shape.of(20, 30)), scope.zeros(HALF, Shape.of(50, 30)),
        scope.zeros(DType.F32, Shape.of(50)), scope.zeros(DType.F32, Shape.of(20, 50))));
    same(4 * (6000 + 12000 + 1800), (scope, ops) -> ops.convolution(scope.zeros(HALF, Shape.of(1, 30, 20, 10)), scope.zeros(HALF, Shape.of(20, 10, 3, 3)),
        scope.zeros(DType.F32, Shape.of(20)), scope.zeros(HALF, Shape.of(1, 30, 20, 20))));
    same(4 * (6000 + 12000 + 1800), (scope, ops) -> ops.convolutionInputGradient(scope.zeros(HALF, Shape.of(1, 30, 20, 20)),
        scope.zeros(HALF, Shape.of(20, 10, 3, 3)), scope.zeros(HALF, Shape.of(1, 30, 20, 10))));
    same(4 * (6000 + 12000), (scope, ops) -> ops.convolutionParameterGradient(scope.zeros(HALF, Shape.of(1, 30, 20, 10)),
        scope.zeros(HALF, Shape.of(1, 30, 20, 20)), scope.zeros(DType.F32, Shape.of(20, 10, 3, 3)), scope.zeros(DType.F32, Shape.of(20)), true));
  }

  @Test
  void givesBackWhatItCounted() {
    CountingDevice device = new CountingDevice();
    try (Scope scope = device.newScope()) {
      Tensor a = scope.allocate(HALF, 20, 20);
      long before = device.bytesInUse();
      device.ops().matmul(a, false, a, true, 1, a, false);
      assertEquals(before, device.bytesInUse());
    }
    assertEquals(0, device.bytesInUse());
  }
}
