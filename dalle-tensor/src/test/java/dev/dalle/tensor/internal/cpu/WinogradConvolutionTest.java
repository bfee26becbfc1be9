package dev.dalle.tensor.internal.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Convolutions by tiles against the direct ones and against sums in double, and where they are chosen. */
class WinogradConvolutionTest {
  /** Batch, height, width, inputs, outputs: whole and clipped tiles, images smaller than a tile, sums of one and of several parts, several blocks and panels. */
  private static final int[][] CASES = {{1, 16, 16, 64, 64}, {2, 13, 11, 32, 128}, {3, 10, 10, 64, 64}, {1, 1, 1, 16, 64}, {1, 2, 3, 48, 64}, {5, 3, 1, 16, 192},
      {1, 33, 31, 272, 64}, {1, 40, 37, 16, 64}, {1, 8, 8, 1072, 64}};

  private static final class RecordingDevice extends HostDevice {
    private final List<String> launches = new ArrayList<>();

    RecordingDevice(CpuBackend backend) {
      super("cpu", backend.team(), backend::computes, backend::ops);
    }

    @Override
    protected void submit(String work, Runnable body) {
      launches.add(work);
      super.submit(work, body);
    }
  }

  /** The tensors of a convolution and both gradients' images. */
  private record Operands(Tensor x, Tensor weight, Tensor turnedWeight, Tensor bias, Tensor out) {
    static Operands of(Scope scope, int[] c) {
      return new Operands(normal(scope, 1, c[0], c[1], c[2], c[3]), normal(scope, 2, c[4], c[3], 3, 3), normal(scope, 3, c[3], c[4], 3, 3), normal(scope, 4, c[4]),
          scope.allocate(DType.F32, c[0], c[1], c[2], c[4]));
    }

    private static Tensor normal(Scope scope, int stream, long... dims) {
      Tensor tensor = scope.allocate(DType.F32, dims);
      float[] values = new float[Math.toIntExact(Shape.of(dims).elementCount())];
      for (int i = 0; i < values.length; i++) {
        values[i] = Philox.normal(5, stream, i);
      }
      tensor.write(values);
      return tensor;
    }
  }

  @Test
  void agreesWithTheDirectOne() {
    CpuBackend backend = new CpuBackend(2);
    HostDevice device = new RecordingDevice(backend);
    WinogradConvolution tiles = new WinogradConvolution(device);
    OneDnnProducts direct = new OneDnnProducts(device, backend.oneDnn());
    for (int[] c : CASES) {
      try (Scope scope = device.newScope()) {
        Operands o = Operands.of(scope, c);
        device.ops().fill(o.out, Double.NaN);
        tiles.convolution(o.x, o.weight, o.bias, o.out);
        float[] actual = o.out.toFloats();
        checkSamples(c, o, false, actual);
        direct.directConvolution(o.x, o.weight, o.bias, o.out);
        same("convolution " + Arrays.toString(c), 9 * c[3], o.out.toFloats(), actual);

        device.ops().fill(o.out, Double.NaN);
        tiles.inputGradient(o.x, o.turnedWeight, o.out);
        actual = o.out.toFloats();
        checkSamples(c, o, true, actual);
        direct.directInputGradient(o.x, o.turnedWeight, o.out);
        same("input gradient " + Arrays.toString(c), 9 * c[3], o.out.toFloats(), actual);
      }
    }
  }

  /** Both have roundings of sums of so many terms. */
  private static void same(String what, int terms, float[] expected, float[] actual) {
    double largest = 0;
    for (float value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 4 * DType.F32.epsilon() * Math.sqrt(terms) * largest, what + ", element " + i);
    }
  }

  /** The root mean square of the errors of 500 elements, or all, is under 5e-7 of that of the elements: 8 roundings in a row to 24 bits. */
  private static void checkSamples(int[] c, Operands o, boolean gradient, float[] actual) {
    float[] x = o.x.toFloats();
    float[] weight = (gradient ? o.turnedWeight : o.weight).toFloats();
    float[] bias = o.bias.toFloats();
    double errors = 0;
    double squares = 0;
    int step = Math.max(1, actual.length / 500 | 1);
    for (int i = 0; i < actual.length; i += step) {
      int output = i % c[4];
      int column = i / c[4] % c[2];
      int row = i / c[4] / c[2] % c[1];
      int image = i / c[4] / c[2] / c[1];
      double expected = gradient ? 0 : bias[output];
      for (int place = 0; place < 9; place++) {
        int y = row + place / 3 - 1;
        int z = column + place % 3 - 1;
        if (y < 0 || z < 0 || y >= c[1] || z >= c[2]) {
          continue;
        }
        for (int input = 0; input < c[3]; input++) {
          float w = gradient ? weight[(input * c[4] + output) * 9 + 8 - place] : weight[(output * c[3] + input) * 9 + place];
          expected += (double) x[((image * c[1] + y) * c[2] + z) * c[3] + input] * w;
        }
      }
      errors += (actual[i] - expected) * (actual[i] - expected);
      squares += expected * expected;
    }
    double relative = Math.sqrt(errors / squares);
    assertTrue(relative < 5e-7, (gradient ? "input gradient " : "convolution ") + Arrays.toString(c) + ": " + relative);
  }

  @Test
  void hasTheSameBitsForAnyNumberOfThreads() {
    int[] c = {2, 19, 18, 144, 128};
    float[] first = null;
    float[] firstGradient = null;
    for (int threads : new int[] {1, 2, 2, 3}) {
      HostDevice device = new RecordingDevice(new CpuBackend(threads));
      WinogradConvolution tiles = new WinogradConvolution(device);
      try (Scope scope = device.newScope()) {
        Operands o = Operands.of(scope, c);
        for (int round = 0; round < 2; round++) {
          tiles.convolution(o.x, o.weight, o.bias, o.out);
          float[] result = o.out.toFloats();
          tiles.inputGradient(o.x, o.turnedWeight, o.out);
          if (first == null) {
            first = result;
            firstGradient = o.out.toFloats();
          }
          assertArrayEquals(first, result, threads + " threads");
          assertArrayEquals(firstGradient, o.out.toFloats(), threads + " threads");
        }
      }
    }
  }

  @Test
  void isChosenWhereItPays() {
    RecordingDevice device = new RecordingDevice(new CpuBackend(2));
    try (Scope scope = device.newScope()) {
      Operands o = Operands.of(scope, new int[] {1, 16, 16, 64, 128});
      Operands few = Operands.of(scope, new int[] {1, 8, 8, 64, 128});
      String suffix = WinogradKernels.WIDE ? " by tiles" : "";
      assertEquals(List.of("convolution" + suffix, "convolutionInputGradient" + suffix, "convolution", "convolutionInputGradient"), launches(device, () -> {
        device.ops().convolution(o.x, o.weight, o.bias, o.out);
        device.ops().convolutionInputGradient(o.out, o.weight, o.x);
        device.ops().convolution(few.x, few.weight, few.bias, few.out);
        device.ops().convolutionInputGradient(few.out, few.weight, few.x);
      }));
    }
  }

  private static List<String> launches(RecordingDevice device, Runnable work) {
    device.launches.clear();
    work.run();
    return device.launches;
  }

  @Test
  void paysForEveryWidthOfThePublishedModels() {
    // Sides, inputs, outputs of the 3 x 3 convolutions of the encoder, then of the decoder.
    int[][] layers = {{256, 256, 64}, {256, 64, 64}, {128, 256, 128}, {128, 128, 128}, {128, 512, 128}, {64, 512, 256}, {64, 256, 256}, {64, 1024, 256},
        {32, 1024, 512}, {32, 512, 512}, {32, 2048, 512}, {32, 512, 2048}, {64, 256, 1024}, {128, 128, 512}, {256, 64, 256}};
    for (int[] layer : layers) {
      for (int batch : new int[] {1, 8}) {
        assertEquals(WinogradKernels.WIDE, WinogradConvolution.pays(batch, layer[0], layer[0], layer[1], layer[2], 2), Arrays.toString(layer));
      }
    }
  }

  @Test
  void isLeftAloneElsewhere() {
    assertFalse(WinogradConvolution.pays(1, 128, 1, 256, 256, 2), "few positions");
    assertFalse(WinogradConvolution.pays(64, 7, 7, 256, 256, 2), "tiles half empty");
    assertFalse(WinogradConvolution.pays(16, 64, 64, 16, 64, 2), "few inputs");
    assertFalse(WinogradConvolution.pays(16, 64, 64, 64, 32, 2), "few outputs");
    assertFalse(WinogradConvolution.pays(16, 64, 64, 72, 64, 2), "inputs that do not fill vectors");
    assertFalse(WinogradConvolution.pays(1, 32, 32, 512, 512, 32), "few tiles for each thread");
  }
}
