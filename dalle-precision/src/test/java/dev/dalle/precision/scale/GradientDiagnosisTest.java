package dev.dalle.precision.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Counts and histograms, on a block of a user's own: {@code x + (fp16(x) + p)}, whose gradients one can tell by looking. */
class GradientDiagnosisTest {
  private static final float[] GRADIENT = {0x1p-3f, 0x1p-30f, 0x1p-40f, 0, 0x1p5f, Float.NaN, -0x1p-20f, 0x1p-38f};

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(2), OpaqueDevice.open(1));
  }

  /** The block, and the gradient of its input. */
  private record Block(Parameter parameter, GradientScaler scaler, boolean checkpointed) {
    static Block of(Scope scope, boolean checkpointed, Function<Parameter, GradientScaler> scaler) {
      Parameter parameter = new ParameterSet(scope).add("p", Parameter.Kind.MATRIX, GRADIENT.length);
      scope.device().ops().fill(parameter.value(), 1);
      return new Block(parameter, scaler.apply(parameter), checkpointed);
    }

    float[] backward() {
      try (Scope scope = parameter.value().device().newScope()) {
        Tape tape = Tape.recording(scope, DType.F16);
        Tensor x = tape.watch(scope.of(new float[GRADIENT.length], GRADIENT.length));
        Tensor out = checkpointed ? tape.checkpoint(input -> run(input.tape(), input.x()), x) : run(tape, x);
        tape.backward(out, scope.of(GRADIENT, GRADIENT.length));
        return tape.gradient(x).toFloats();
      }
    }

    private Tensor run(Tape tape, Tensor x) {
      return scaler.residual(tape, "mine", x, (inner, input) -> inner.add(inner.cast(input, DType.F16), inner.value(parameter, DType.F16)));
    }
  }

  private static List<GradientBlock> blocks(Parameter parameter) {
    return List.of(new GradientBlock("mine", List.of(parameter)));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void aScaledBlock(Device device) {
    for (boolean checkpointed : new boolean[] {false, true}) {
      try (Scope scope = device.newScope()) {
        Block block = Block.of(scope, checkpointed, p -> new BlockGradientScaler(scope, List.of(p), blocks(p), GradientScaleConfig.paper(1), Replicas.ALONE));
        block.scaler.observe();
        // Twice what came where the branch could tell it, once where it could not: too small, too large, not a number.
        assertArrayEquals(new float[] {0x1p-2f, 0x1p-29f, 0x1p-40f, 0, 0x1p5f, Float.NaN, -0x1p-19f, 0x1p-38f}, block.backward());
        assertArrayEquals(new float[] {0x1p10f, 0x1p-17f, 0, 0, Float.POSITIVE_INFINITY, 0, -0x1p-7f, 0}, block.parameter.gradient().toFloats());
        block.scaler.endUpdate(4);
        GradientVerdict verdict = block.scaler.verdict();
        assertTrue(verdict.skipped());
        assertEquals(List.of("p"), verdict.parameters());
        assertEquals(List.of(new BlockCounts("mine", 8, 1, 1, 2, 8, 1)), verdict.counts());
        assertEquals(0.25, verdict.counts().getFirst().underflowShare());

        BlockHistograms histograms = block.scaler.histograms().getFirst();
        histogram(histograms.incoming(), 1, 1, -3, -30, -40, 5, -20, -38);
        histogram(histograms.inside(), 4, 1, 10, -17, -7);

        block.parameter.clearGradient();
        block.backward();
        block.scaler.endUpdate(4);
        assertEquals(List.of(new BlockCounts("mine", 8, 1, 1, 2, 8, 1)), block.scaler.verdict().counts());
        assertEquals(List.of(new BlockCounts("mine", 16, 2, 2, 4, 16, 2)), block.scaler.totals().orElseThrow().blocks());
        assertEquals(histograms, block.scaler.histograms().getFirst(), "what was not observed adds nothing");
        block.scaler.observe();
        block.scaler.endUpdate(4);
        assertEquals(0, block.scaler.histograms().getFirst().inside().total());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void aBlockUnderOneScale(Device device) {
    for (boolean checkpointed : new boolean[] {false, true}) {
      try (Scope scope = device.newScope()) {
        Block block = Block.of(scope, checkpointed, p -> new LossGradientScaler(scope, List.of(p), blocks(p), new LossScale(), Replicas.ALONE));
        float[] expected = {0x1p-2f, 0x1p-30f, 0x1p-40f, 0, 0x1p6f, Float.NaN, -0x1p-19f, 0x1p-38f};
        assertArrayEquals(expected, block.backward());
        block.scaler.endUpdate(4);
        assertEquals(List.of(new BlockCounts("mine", 8, 1, 0, 3, 0, 0)), block.scaler.verdict().counts());
        block.parameter.clearGradient();
        block.scaler.observe();
        assertArrayEquals(expected, block.backward());
        block.scaler.endUpdate(4);
        histogram(block.scaler.histograms().getFirst().incoming(), 1, 1, -3, -30, -40, 5, -20, -38);
        histogram(block.scaler.histograms().getFirst().inside(), 4, 1, -3, 5, -20);
        assertEquals(new BlockCounts("mine", 8, 1, 0, 3, 8, 0), block.scaler.verdict().counts().getFirst());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void aBlockWithoutScale(Device device) {
    try (Scope scope = device.newScope()) {
      Block block = Block.of(scope, false, p -> new UnscaledGradientScaler(scope, List.of(p), blocks(p)));
      float[] expected = block.backward();
      block.scaler.endUpdate(4);
      assertEquals(List.of(new BlockCounts("mine", 0, 0, 0, 0, 0, 0)), block.scaler.verdict().counts());
      block.scaler.observe();
      block.parameter.clearGradient();
      assertArrayEquals(expected, block.backward());
      block.scaler.endUpdate(4);
      histogram(block.scaler.histograms().getFirst().inside(), 4, 1, -3, 5, -20);
      assertEquals(3, block.scaler.verdict().counts().getFirst().underflowed());
      assertEquals(List.of("mine"), block.scaler.verdict().blocks());
    }
  }

  private static void histogram(GradientHistogram histogram, int zeros, int nonfinite, int... exponents) {
    assertEquals(zeros, histogram.zeros());
    assertEquals(nonfinite, histogram.nonfinite());
    for (int exponent : exponents) {
      assertEquals(1, histogram.at(exponent), "2^" + exponent);
    }
    assertEquals(zeros + nonfinite + exponents.length, histogram.total());
  }

  /** A network in F32 whose gradients are known to the bit from an update that is not observed: all of them are counted, and those of a block in its own. */
  @Test
  void histogramsCountEveryGradientInsideABlock() {
    Device device = Device.cpu(2);
    for (boolean checkpointed : new boolean[] {false, true}) {
      try (Scope scope = device.newScope()) {
        ResidualNet net = new ResidualNet(scope, DType.F32, checkpointed, made -> ResidualNet.blockScaler(scope, made, 1));
        net.scaler.observe();
        net.spoil(new ResidualNet.Fault(1, ResidualNet.Place.BEHIND_NORM, Float.NaN));
        net.update(4);
        List<BlockHistograms> histograms = net.scaler.histograms();
        for (int block = 0; block < ResidualNet.BLOCKS; block++) {
          assertEquals("block" + block, histograms.get(block).block());
          assertEquals(84, histograms.get(block).incoming().total());
          assertEquals(0, histograms.get(block).incoming().nonfinite());
          // The output, the activation, the hidden layer, the norm, and where a fault is put in the norm's once more.
          assertEquals(84 * (block == 1 ? 5 : 4), histograms.get(block).inside().total());
          assertEquals(block == 1 ? 1 : 0, histograms.get(block).inside().nonfinite());
        }
      }
    }
  }

  @Test
  void aHistogramCountsByExponent() {
    int[] counts = new int[GradientOps.BINS];
    counts[0] = 5;
    counts[1] = 7;
    counts[127] = 11;
    counts[254] = 13;
    counts[GradientOps.NONFINITE_BIN] = 17;
    counts[GradientOps.ZERO_BIN] = 19;
    GradientHistogram histogram = new GradientHistogram(counts);
    assertEquals(72, histogram.total());
    assertEquals(5, histogram.at(-127));
    assertEquals(11, histogram.at(0));
    assertEquals(13, histogram.at(127));
    assertEquals(5, histogram.below(-126));
    assertEquals(12, histogram.below(-125));
    assertEquals(12, histogram.below(0));
    assertEquals(23, histogram.below(1));
    assertEquals(36, histogram.below(128));
    counts[0] = 0;
    assertEquals(5, histogram.at(-127));
    assertThrows(IllegalArgumentException.class, () -> histogram.at(128));
    assertThrows(IllegalArgumentException.class, () -> histogram.below(-127));
    assertThrows(IllegalArgumentException.class, () -> new GradientHistogram(new int[256]));
  }
}
