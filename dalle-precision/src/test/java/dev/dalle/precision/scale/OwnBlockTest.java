package dev.dalle.precision.scale;

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
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A block that this library knows nothing of, forwards and backwards written by its user: {@code x + f * fp16(x)}, element by element. Numbers are powers of two,
 * so that every result can be told by looking.
 */
class OwnBlockTest {
  private static final int COUNT = 4;

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(2), OpaqueDevice.open(1));
  }

  /** The elements' product with a row of factors, as an operation of the user's own. */
  private static Tensor times(Tape tape, Tensor y, Parameter factors) {
    Tensor f = tape.constant(factors, y.dtype());
    Tensor out = tape.scope().allocate(y.dtype(), y.shape());
    tape.ops().multiply(y, f, out);
    return tape.record(out, gradOut -> {
      factors.addGradient((gradient, accumulate) -> {
        Tensor product = tape.scope().allocate(DType.F32, y.shape());
        Tensor wide = tape.scope().allocate(DType.F32, y.shape());
        tape.ops().copy(y, wide);
        tape.ops().copy(gradOut, product);
        tape.ops().multiply(product, wide, product);
        if (accumulate) {
          tape.ops().addScaled(product, 1, gradient);
        } else {
          tape.ops().copy(product, gradient);
        }
      });
      Tensor gradIn = tape.scope().allocate(y.dtype(), y.shape());
      tape.ops().multiply(gradOut, f, gradIn);
      tape.accumulate(y, gradIn);
    });
  }

  private record Result(float[] out, float[] gradientOfX, float[] gradientOfFactors, GradientVerdict verdict, float[] applied) {}

  /**
   * Runs a stream through the block and back.
   *
   * @param gradient of the block's sum
   */
  private static Result run(Scope scope, GradientScaler scaler, Parameter factors, boolean checkpointed, float[] gradient) {
    try (Scope inner = scope.device().newScope()) {
      Tape tape = Tape.recording(inner, DType.F16);
      Tensor x = tape.watch(inner.of(new float[] {1, 2, 4, -8}, COUNT));
      Branch branch = (t, y) -> times(t, t.cast(y, DType.F16), factors);
      Tensor out = checkpointed ? tape.checkpoint(input -> scaler.residual(input.tape(), "own", input.x(), branch), x)
          : scaler.residual(tape, "own", x, branch);
      tape.backward(out, inner.of(gradient, COUNT));
      Tensor applied = scaler.endUpdate(Double.POSITIVE_INFINITY);
      Result result = new Result(out.toFloats(), tape.gradient(x).toFloats(), factors.gradient().toFloats(), scaler.verdict(), applied.toFloats());
      factors.clearGradient();
      return result;
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void scalesAndFiltersWhatOnesOwnOperationsPassOn(Device device) {
    for (boolean checkpointed : new boolean[] {false, true}) {
      try (Scope scope = device.newScope()) {
        Parameter factors = new ParameterSet(scope).add("factors", Parameter.Kind.FULL, COUNT);
        factors.value().write(new float[] {0.5f, 2, 4, 0x1p-10f});
        GradientScaler scaler = new BlockGradientScaler(scope, List.of(factors), List.of(new GradientBlock("own", List.of(factors))),
            new GradientScaleConfig(0x1p20, 1, 0x1p30, 1, 2, 125), Replicas.ALONE);
        // 2^-28 is below all that fp16 holds; under the scale it is 2^-8.
        Result good = run(scope, scaler, factors, checkpointed, new float[] {0x1p-28f, -0x1p-28f, 0, 0x1p-8f});
        assertArrayEquals(new float[] {1.5f, 6, 20, -8 - 0x1p-7f}, good.out);
        // The stream's own, and a factor times it from the branch.
        assertArrayEquals(new float[] {1.5f * 0x1p-28f, -3 * 0x1p-28f, 0, 0x1p-8f + 0x1p-18f}, good.gradientOfX);
        assertArrayEquals(new float[] {0x1p-8f, -2 * 0x1p-8f, 0, -8 * 0x1p12f}, good.gradientOfFactors, "parameters carry the scale");
        assertFalse(good.verdict.skipped());
        assertArrayEquals(new float[] {0x1p-20f}, good.applied);
        assertEquals(new BlockCounts("own", COUNT, 0, 0, 0, COUNT, 0), good.verdict.counts().getFirst());

        // 1 becomes 2^20, which fp16 does not hold: its element's gradients are not finite, the others' are.
        Result large = run(scope, scaler, factors, checkpointed, new float[] {0x1p-28f, 1, 0x1p-28f, 0x1p-28f});
        assertEquals(0x1p-8f, large.gradientOfFactors[0]);
        assertEquals(Float.POSITIVE_INFINITY, large.gradientOfFactors[1]);
        assertEquals(1, large.gradientOfX[1], "what leaves the block is filtered; the stream's own gradient stays");
        assertTrue(large.verdict.skipped());
        assertEquals(List.of("own"), large.verdict.divided());
        assertEquals(new BlockCounts("own", COUNT, 0, 1, 0, COUNT, 1), large.verdict.counts().getFirst());
        assertArrayEquals(new double[] {0x1p19}, scaler.scales());
        assertArrayEquals(new float[] {Float.NaN}, large.applied);

        Result next = run(scope, scaler, factors, checkpointed, new float[] {0x1p-28f, 0, 0, 0});
        assertArrayEquals(new float[] {0x1p-9f, 0, 0, -0f}, next.gradientOfFactors, "under half the scale");
        assertArrayEquals(new float[] {0x1p-19f}, next.applied);
      }
    }
  }

  /** Gradients inside would carry both scales, and nobody would divide by both. */
  @ParameterizedTest
  @MethodSource("devices")
  void aBlockWithinABranchIsRefused(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = new ParameterSet(scope);
      Parameter outer = parameters.add("p", Parameter.Kind.FULL, 1);
      Parameter inner = parameters.add("q", Parameter.Kind.FULL, 1);
      parameters.forEach(parameter -> device.ops().fill(parameter.value(), 2));
      GradientScaler scaler = new BlockGradientScaler(scope, parameters.all(),
          List.of(new GradientBlock("outer", List.of(outer)), new GradientBlock("inner", List.of(inner))), new GradientScaleConfig(8, 1, 16, 1, 2, 5),
          Replicas.ALONE);
      Tape tape = Tape.recording(scope, DType.F32);
      Tensor x = tape.watch(scope.of(new float[] {3}, 1));
      assertEquals("block: inner runs within the branch of outer, so its gradients would carry both scales; run one after the other, or make one block of them",
          assertThrows(IllegalStateException.class, () -> scaler.residual(tape, "outer", x,
              (t, y) -> times(t, scaler.residual(t, "inner", y, (u, z) -> times(u, z, inner)), outer))).getMessage());
      // One after the other: (3 + 2 * 3) + 2 (3 + 2 * 3).
      Tensor first = scaler.residual(tape, "outer", x, (t, y) -> times(t, y, outer));
      Tensor out = scaler.residual(tape, "inner", first, (t, y) -> times(t, y, inner));
      tape.backward(out, scope.of(new float[] {1}, 1));
      assertEquals(27, out.toFloat());
      assertEquals(9, tape.gradient(x).toFloat());
      assertEquals(8 * 9, outer.gradient().toFloat());
      assertEquals(8 * 9, inner.gradient().toFloat());
    }
  }

  /** A stream in 16 bits has no room for what the blocks take away and add. */
  @Test
  void theStreamIsInF32() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      Parameter factors = new ParameterSet(scope).add("factors", Parameter.Kind.FULL, COUNT);
      GradientScaler scaler = new BlockGradientScaler(scope, List.of(factors), List.of(new GradientBlock("own", List.of(factors))),
          GradientScaleConfig.paper(1), Replicas.ALONE);
      Tape tape = Tape.recording(scope, DType.F16);
      Tensor half = scope.allocate(DType.F16, COUNT);
      assertEquals("x: expected the stream of own in F32, got F16[4]@cpu",
          assertThrows(ShapeException.class, () -> scaler.residual(tape, "own", half, (t, y) -> y)).getMessage());
    }
  }
}
