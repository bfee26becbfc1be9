package dev.dalle.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.testing.GradientCheck;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** Every operation of the tape against central differences in double, and the tape's rules of ownership. */
class TapeTest {
  private final ReferenceDevice device = new ReferenceDevice();
  private long draws;

  private Tensor normal(Scope scope, long... dims) {
    Tensor tensor = scope.allocate(DType.F32, dims);
    scope.device().ops().normal(3, ++draws, 1, tensor);
    return tensor;
  }

  private Parameter parameter(ParameterSet set, String name, long... dims) {
    Parameter parameter = set.add(name, Parameter.Kind.MATRIX, dims);
    set.scope().device().ops().normal(4, ++draws, 0.7, parameter.value());
    return parameter;
  }

  private void check(long[] dims, BiFunction<Tape, Tensor, Tensor> function) {
    try (Scope scope = device.newScope()) {
      GradientCheck.check(device, List.of(normal(scope, dims)), List.of(), (tape, in) -> function.apply(tape, in.get(0)));
    }
    assertEquals(0, device.bytesInUse());
  }

  @Test
  void differentiatesElementwiseOperations() {
    check(new long[] {3, 5}, (tape, x) -> tape.add(x, x));
    check(new long[] {3, 5}, (tape, x) -> tape.scale(tape.reshape(x, 5, 3), -0.7));
    check(new long[] {3, 5}, (tape, x) -> tape.addScaled(x, tape.activation(Activation.SIGMOID, x), 0.3));
    check(new long[] {3, 5}, (tape, x) -> tape.cast(x, DType.BF16));
    for (Activation f : Activation.values()) {
      check(new long[] {4, 7}, (tape, x) -> tape.activation(f, x));
    }
  }

  @Test
  void differentiatesSharedInputsOnce() {
    // x is used four times, once through a view, once twice in one sum: every path must count, and none twice.
    check(new long[] {2, 6}, (tape, x) -> {
      Tensor a = tape.activation(Activation.QUICK_GELU, x);
      Tensor b = tape.reshape(tape.reshape(x, 6, 2), 2, 6);
      Tensor sum = tape.add(tape.add(a, b), tape.add(x, x));
      return tape.addScaled(sum, tape.softmax(sum), 2);
    });
  }

  @Test
  void differentiatesRowsAndGrids() {
    check(new long[] {3, 6}, Tape::softmax);
    check(new long[] {2, 4, 6, 3}, Tape::maxPool2);
    check(new long[] {2, 4, 6, 3}, Tape::averagePool2);
    check(new long[] {2, 2, 3, 3}, Tape::upsample2);
    check(new long[] {2, 3, 4}, (tape, x) -> tape.gatherRows(x, tape.scope().of(new int[] {5, 0, -1, 5}, 4)));
  }

  @Test
  void averagesWindows() {
    try (Scope scope = device.newScope()) {
      Tensor x = scope.of(new float[] {1, 10, 2, 20, 5, 50, 6, 61, 3, 30, 4, 40, 7, 70, 10, 80}, 1, 2, 4, 2);
      Tensor out = Tape.inference(scope, DType.F32).averagePool2(x);
      assertEquals("F32[1, 1, 2, 2]@reference", out.toString());
      assertArrayEquals(new float[] {2.5f, 25, 7, 65.25f}, out.toFloats());
    }
  }

  @Test
  void differentiatesParameters() {
    try (Scope scope = device.newScope()) {
      ParameterSet set = new ParameterSet(scope);
      Parameter weight = parameter(set, "weight", 4, 6);
      Parameter bias = parameter(set, "bias", 4);
      Parameter kernel = parameter(set, "kernel", 5, 3, 3, 3);
      Parameter kernelBias = parameter(set, "kernelBias", 5);
      Parameter gain = parameter(set, "gain", 6);
      Parameter shift = parameter(set, "shift", 6);
      Parameter table = parameter(set, "table", 7, 6);
      Tensor x = normal(scope, 2, 3, 6);
      Tensor image = normal(scope, 2, 4, 3, 3);
      Tensor indices = scope.of(new int[] {6, 1, -1, 1, 0, 6}, 6);
      GradientCheck.check(device, List.of(x), List.of(weight, bias), (tape, in) -> tape.linear(in.get(0), weight, bias));
      GradientCheck.check(device, List.of(x), List.of(weight), (tape, in) -> tape.project(in.get(0), weight, DType.F32));
      GradientCheck.check(device, List.of(image), List.of(kernel, kernelBias),
          (tape, in) -> tape.convolution(in.get(0), kernel, kernelBias, DType.F32));
      GradientCheck.check(device, List.of(x), List.of(gain, shift),
          (tape, in) -> tape.layerNorm(in.get(0), gain, shift, 1e-5, DType.F32));
      GradientCheck.check(device, List.of(x), List.of(table), (tape, in) -> tape.add(tape.gatherRows(table, indices),
          tape.reshape(in.get(0), 6, 6)));
      // One parameter used twice, once by value.
      GradientCheck.check(device, List.of(x), List.of(weight, bias), (tape, in) -> tape.addScaled(
          tape.linear(in.get(0), weight, bias), tape.linear(in.get(0), weight, bias), 0.5));
      GradientCheck.check(device, List.of(), List.of(weight), (tape, in) -> tape.activation(Activation.SIGMOID, tape.value(weight, DType.F32)));
      GradientCheck.check(device, List.of(), List.of(weight), (tape, in) -> tape.value(weight, DType.BF16));
    }
  }

  @Test
  void checkpointsGiveTheSameGradients() {
    try (Scope scope = device.newScope()) {
      ParameterSet set = new ParameterSet(scope);
      Parameter weight = parameter(set, "weight", 6, 6);
      Parameter bias = parameter(set, "bias", 6);
      Tensor x = normal(scope, 5, 6);
      GradientCheck.check(device, List.of(x), List.of(weight, bias), (tape, in) -> {
        Tensor state = in.get(0);
        for (int i = 0; i < 3; i++) {
          state = tape.checkpoint(block -> block.tape().addScaled(block.x(),
              block.tape().activation(Activation.QUICK_GELU, block.tape().linear(block.x(), weight, bias)), 0.5), state);
        }
        return state;
      });
    }
    assertEquals(0, device.bytesInUse());
  }

  /** A residual block as 16-bit training needs it: the branch's gradient is multiplied by a factor on its way in and divided by it on its way out. */
  private static Tensor scaledBlock(Tape tape, Tensor x, Parameter weight, Parameter bias, double factor) {
    Ops ops = tape.ops();
    Tensor input = tape.filterGradient(x, (gradient, out) -> ops.scale(gradient, 1 / factor, out));
    Tensor branch = tape.cast(tape.activation(Activation.QUICK_GELU, tape.linear(input, weight, bias)), DType.BF16);
    return tape.add(x, branch, (gradient, out) -> ops.scale(gradient, factor, out));
  }

  @Test
  void filtersOfABlockLeaveTheGradientOutsideAsItIs() {
    try (Scope scope = device.newScope()) {
      ParameterSet set = new ParameterSet(scope);
      Parameter weight = parameter(set, "weight", 6, 6);
      Parameter bias = parameter(set, "bias", 6);
      Tensor x = normal(scope, 5, 6);
      GradientCheck.check(device, List.of(x), List.of(), (tape, in) -> {
        Tensor first = scaledBlock(tape, in.get(0), weight, bias, 8);
        return tape.checkpoint(block -> scaledBlock(block.tape(), block.x(), weight, bias, 32), first);
      });
      // The block's own parameters carry the factor.
      double[] unscaled = gradientOfWeight(set, x, 1);
      double[] scaled = gradientOfWeight(set, x, 4);
      for (int i = 0; i < unscaled.length; i++) {
        assertEquals(4 * unscaled[i], scaled[i]);
      }
    }
    assertEquals(0, device.bytesInUse());
  }

  private double[] gradientOfWeight(ParameterSet set, Tensor x, double factor) {
    try (Scope scope = device.newScope()) {
      set.clearGradients();
      Tape tape = Tape.recording(scope, DType.F32);
      Tensor gradient = scope.allocate(DType.F32, x.shape());
      device.ops().fill(gradient, 0.25);
      tape.backward(scaledBlock(tape, x, set.get("weight"), set.get("bias"), factor), gradient);
      return ReferenceDevice.read(set.get("weight").gradient());
    }
  }

  @Test
  void filtersSeeTheSumsTypeAndWriteTheBranchs() {
    try (Scope scope = device.newScope()) {
      Tape tape = Tape.recording(scope, DType.BF16);
      Tensor a = tape.watch(normal(scope, 4));
      Tensor b = tape.watch(scope.zeros(DType.BF16, Shape.of(4)));
      Tensor sum = tape.add(a, b, (gradient, out) -> {
        assertEquals(DType.F32, gradient.dtype());
        assertEquals(DType.BF16, out.dtype());
        device.ops().scale(gradient, -2, out);
      });
      Tensor constant = normal(scope, 4);
      tape.backward(sum, constant);
      assertArrayEquals(constant.toFloats(), tape.gradient(a).toFloats());
      for (int i = 0; i < 4; i++) {
        assertEquals(-2 * ReferenceDevice.read(constant)[i], ReferenceDevice.read(tape.gradient(b))[i]);
      }
    }
  }

  @Test
  void aFilterIsNotRunWhereNobodyNeedsTheGradient() {
    try (Scope scope = device.newScope()) {
      Tensor x = normal(scope, 3);
      GradientFilter never = (gradient, out) -> {
        throw new AssertionError("the filter was run");
      };
      Tape tape = Tape.recording(scope, DType.F32);
      assertSame(x, tape.filterGradient(x, never));
      Tensor watched = tape.watch(normal(scope, 3));
      tape.backward(tape.add(watched, x, never), x);
      assertArrayEquals(x.toFloats(), tape.gradient(watched).toFloats());
      Tape inference = Tape.inference(scope, DType.F32);
      assertSame(x, inference.filterGradient(inference.watch(x), never));
    }
  }

  @Test
  void observersAreToldEveryGradientOnceAlsoInsideCheckpoints() {
    try (Scope scope = device.newScope()) {
      ParameterSet set = new ParameterSet(scope);
      Parameter weight = parameter(set, "weight", 6, 6);
      Parameter bias = parameter(set, "bias", 6);
      Tensor x = normal(scope, 5, 6);
      List<String> told = new ArrayList<>();
      Tape tape = Tape.recording(scope, DType.F32);
      GradientObserver observer = (result, gradient) -> {
        assertEquals(result.shape(), gradient.shape());
        assertEquals(result.dtype(), gradient.dtype());
        told.add(gradient.dtype() + " " + ReferenceDevice.read(gradient)[0]);
      };
      tape.observe(observer);
      tape.observe(observer);
      Tensor out = tape.checkpoint(block -> block.tape().scale(block.tape().linear(block.x(), weight, bias), 4), tape.watch(x));
      Tensor half = tape.scale(out, 0.5);
      assertEquals(List.of(), told, "nothing goes backwards yet");
      Tensor one = scope.allocate(DType.F32, out.shape());
      device.ops().fill(one, 1);
      tape.backward(half, one);
      assertEquals(List.of("F32 1.0", "F32 0.5", "F32 0.5", "F32 2.0"), told, "half, the checkpoint's output, and in it the scaled and the product");
    }
  }

  @Test
  void givesMemoryBackAfterEveryStep() {
    Device cpu = OpaqueDevice.open(2);
    try (Scope model = cpu.newScope()) {
      ParameterSet set = new ParameterSet(model);
      Parameter weight = parameter(set, "weight", 32, 32);
      Parameter bias = parameter(set, "bias", 32);
      Tensor x = normal(model, 8, 32);
      long before = cpu.bytesInUse();
      for (int step = 0; step < 3; step++) {
        try (Scope scope = cpu.newScope()) {
          set.clearGradients();
          Tape tape = Tape.recording(scope, DType.F32);
          Tensor out = tape.add(x, tape.activation(Activation.RELU, tape.linear(x, weight, bias)));
          Tensor gradient = scope.zeros(DType.F32, out.shape());
          tape.backward(out, gradient);
        }
        assertEquals(before, cpu.bytesInUse());
      }
    }
    assertEquals(0, cpu.bytesInUse());
  }

  @Test
  void delaysEverythingOnTheOpaqueDevice() {
    OpaqueDevice opaque = OpaqueDevice.open(1);
    try (Scope scope = opaque.newScope()) {
      Tensor x = scope.of(new float[] {1, 2, 3}, 3);
      opaque.ops().scale(x, 2, x);
      assertTrue(opaque.pending() >= 2);
      assertArrayEquals(new float[] {2, 4, 6}, x.toFloats());
      assertEquals(0, opaque.pending());
    }
  }

  @Test
  void recordsOnlyWhatSomethingNeeds() {
    try (Scope scope = device.newScope()) {
      Tape tape = Tape.recording(scope, DType.F32);
      Tensor constant = normal(scope, 2, 2);
      Tensor sum = tape.add(constant, constant);
      assertFalse(tape.needsGradient(sum));
      assertThrows(IllegalArgumentException.class, () -> tape.backward(sum, constant));
      Tensor watched = tape.watch(normal(scope, 2, 2));
      Tensor both = tape.add(constant, watched);
      assertTrue(tape.needsGradient(both));
      tape.backward(both, constant);
      assertArrayEquals(constant.toFloats(), tape.gradient(watched).toFloats());
      assertEquals("backward: this tape has run backwards already; record a new one",
          assertThrows(IllegalStateException.class, tape::backward).getMessage());
    }
  }

  @Test
  void refusesToGoBackwardsWithoutRecord() {
    try (Scope scope = device.newScope()) {
      Tape tape = Tape.inference(scope, DType.F32);
      Tensor x = tape.watch(normal(scope, 2));
      Tensor y = tape.scale(x, 2);
      assertFalse(tape.needsGradient(y));
      assertEquals("backward: this tape does not record; use Tape.recording",
          assertThrows(IllegalStateException.class, () -> tape.backward(y, x)).getMessage());
    }
  }
}
