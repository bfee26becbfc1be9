package dev.dalle.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.testing.ReferenceDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What every device must compute: each operation against the reference in double, over awkward sizes and all types of activations.
 *
 * <p>Tolerances: inputs are of order 1. One operation in F32 is allowed a few units in the last place of the largest value, growing with the
 * square root of the number of terms in a sum; results stored in BF16 are allowed one rounding to 8 significant bits on top, those in F16 one to 11. Below the
 * normal numbers of F16 its roundings are smaller than what is allowed to F32 already.
 */
abstract class OpsContractTest {
  static final int[] SIZES = {0, 1, 13, 207, 2047, 2048, 2049, 40_001};
  static final int[] WIDTHS = {1, 3, 16, 33, 257, 1000};
  static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16};

  /** The device under test, one for each test. */
  abstract Device device();

  private Device device;
  private final ReferenceDevice reference = new ReferenceDevice();
  private Scope scope;
  private Scope referenceScope;
  private long draws;

  @BeforeEach
  void open() {
    device = device();
    scope = device.newScope();
    referenceScope = reference.newScope();
  }

  @AfterEach
  void close() {
    scope.close();
    referenceScope.close();
    assertEquals(0, device.bytesInUse(), "bytes in use after the test");
  }

  /** The same tensor on both devices. */
  record Twin(Tensor tested, Tensor reference) {
    Twin reshape(long... dims) {
      return new Twin(tested.reshape(dims), reference.reshape(dims));
    }
  }

  Twin values(DType dtype, float[] values, long... dims) {
    Tensor a = scope.allocate(dtype, dims);
    Tensor b = referenceScope.allocate(dtype, dims);
    a.write(values);
    b.write(values);
    return new Twin(a, b);
  }

  Twin normal(DType dtype, long... dims) {
    float[] values = new float[Math.toIntExact(Shape.of(dims).elementCount())];
    draws++;
    for (int i = 0; i < values.length; i++) {
      values[i] = Philox.normal(1, draws, i);
    }
    return values(dtype, values, dims);
  }

  Twin indices(int limit, double negative, long count) {
    int[] values = new int[(int) count];
    draws++;
    for (int i = 0; i < values.length; i++) {
      float u = Philox.uniform(2, draws, i);
      values[i] = u < negative ? -1 : (int) ((u - negative) / (1 - negative) * limit);
    }
    Tensor a = scope.allocate(DType.I32, count);
    Tensor b = referenceScope.allocate(DType.I32, count);
    a.write(values);
    b.write(values);
    return new Twin(a, b);
  }

  void run(BiConsumer<Ops, List<Tensor>> operation, Twin... twins) {
    List<Tensor> tested = new ArrayList<>();
    List<Tensor> expected = new ArrayList<>();
    for (Twin twin : twins) {
      tested.add(twin.tested);
      expected.add(twin.reference);
    }
    operation.accept(device.ops(), tested);
    operation.accept(reference.ops(), expected);
  }

  /** Compares element by element; {@code terms} is how many products or summands each holds. */
  void same(String what, Twin twin, double terms) {
    float[] actual = twin.tested.toFloats();
    double[] expected = ReferenceDevice.read(twin.reference);
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    double rounding = twin.tested.dtype() == DType.F32 ? 0 : twin.tested.dtype().epsilon() / 2;
    for (int i = 0; i < actual.length; i++) {
      double tolerance = 4 * DType.F32.epsilon() * Math.sqrt(Math.max(1, terms)) * largest + rounding * Math.abs(expected[i]) * 1.01;
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
        throw new AssertionError(what + ": element " + i + " of " + twin.tested + ": expected " + expected[i] + " within " + tolerance
            + ", got " + actual[i]);
      }
    }
  }

  /** Numbers of rows that make empty, small and large tensors: large ones may be computed by other code than small ones. */
  private static int[] rowCounts(int width) {
    return new int[] {0, 1, 7, 300, (1 << 17) / width + 1};
  }

  interface ElementCase {
    void run(DType a, DType b, int size);
  }

  private void elements(ElementCase test) {
    for (int size : SIZES) {
      for (DType a : TYPES) {
        for (DType b : TYPES) {
          test.run(a, b, size);
        }
      }
    }
  }

  @Test
  void fillsEveryType() {
    for (int size : SIZES) {
      for (DType type : TYPES) {
        Twin out = normal(type, size);
        run((ops, t) -> ops.fill(t.get(0), -1.5), out);
        same("fill", out, 1);
      }
      Tensor ints = scope.allocate(DType.I32, size);
      device.ops().fill(ints, -7);
      for (int value : ints.toInts()) {
        assertEquals(-7, value);
      }
      for (DType type : new DType[] {DType.U8, DType.U16}) {
        int greatest = (1 << 8 * type.byteSize()) - 1;
        Tensor codes = scope.allocate(type, size);
        device.ops().fill(codes, greatest);
        for (int value : codes.toInts()) {
          assertEquals(greatest, value, type::toString);
        }
        codes.write(IntStream.range(0, size).map(i -> i & greatest).toArray());
        Tensor copy = scope.allocate(type, size);
        device.ops().copy(codes, copy);
        assertArrayEquals(IntStream.range(0, size).map(i -> i & greatest).toArray(), copy.toInts(), type::toString);
      }
    }
  }

  @Test
  void copiesBetweenAllFloatingTypes() {
    for (int size : SIZES) {
      for (DType from : TYPES) {
        for (DType to : TYPES) {
          Twin in = normal(from, size);
          Twin out = normal(to, size);
          run((ops, t) -> ops.copy(t.get(0), t.get(1)), in, out);
          assertArrayEquals(out.reference.toFloats(), out.tested.toFloats(), "copy " + from + " to " + to + " of " + size);
        }
      }
    }
  }

  @Test
  void roundsSpecialValuesLikeTheHost() {
    float[] special = {0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MIN_VALUE, Float.MAX_VALUE,
        Float.intBitsToFloat(0x3F808000), Float.intBitsToFloat(0x3F818000), Float.intBitsToFloat(0x7F800001), 1e-40f, 65504f, 65520f};
    float[] many = new float[special.length * 20];
    for (int i = 0; i < many.length; i++) {
      many[i] = special[i % special.length];
    }
    for (DType type : new DType[] {DType.BF16, DType.F16}) {
      Twin in = values(DType.F32, many, many.length);
      Twin out = normal(type, many.length);
      run((ops, t) -> ops.copy(t.get(0), t.get(1)), in, out);
      assertArrayEquals(out.reference.toFloats(), out.tested.toFloats(), type.toString());
    }
  }

  /** All codes of F16 to F32; and back, with the floats beside and halfway between them, which decide how they are rounded. */
  @Test
  void convertsEveryHalf() {
    short[] codes = new short[1 << 16];
    float[] floats = new float[12 << 15];
    for (int code = 0; code < codes.length; code++) {
      codes[code] = (short) code;
    }
    for (int code = 0; code < 0x7C00; code++) {
      float value = Float.float16ToFloat((short) code);
      // Above the greatest number the next power of two takes the place of infinity.
      float middle = (value + (code < 0x7BFF ? Float.float16ToFloat((short) (code + 1)) : 65536)) / 2;
      float[] some = {value, Math.nextUp(value), Math.nextDown(value), middle, Math.nextUp(middle), Math.nextDown(middle)};
      for (int i = 0; i < some.length; i++) {
        floats[12 * code + 2 * i] = some[i];
        floats[12 * code + 2 * i + 1] = -some[i];
      }
    }
    Tensor halves = scope.allocate(DType.F16, codes.length);
    device.upload(MemorySegment.ofArray(codes), halves);
    Tensor wide = scope.allocate(DType.F32, codes.length);
    device.ops().copy(halves, wide);
    float[] found = wide.toFloats();
    for (int code = 0; code < codes.length; code++) {
      float expected = Float.float16ToFloat((short) code);
      if (Float.isNaN(expected)) {
        assertTrue(Float.isNaN(found[code]), "code " + code);
      } else {
        assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(found[code]), "code " + code);
      }
    }
    Tensor all = scope.of(floats, floats.length);
    Tensor rounded = scope.allocate(DType.F16, floats.length);
    device.ops().copy(all, rounded);
    short[] results = new short[floats.length];
    device.download(rounded, MemorySegment.ofArray(results));
    for (int i = 0; i < floats.length; i++) {
      assertEquals(Float.floatToFloat16(floats[i]), results[i], "rounding " + floats[i]);
    }
  }

  /** An operation whose sums are exact in F32 in any order: its last argument, in F16, must be the exact result rounded once, infinities and subnormal numbers included. */
  private void rounded(String what, BiConsumer<Ops, List<Tensor>> operation, Twin... twins) {
    run(operation, twins);
    Twin result = twins[twins.length - 1];
    double[] exact = ReferenceDevice.read(result.reference);
    float[] actual = result.tested.toFloats();
    for (int i = 0; i < exact.length; i++) {
      assertEquals(Float.float16ToFloat(Float.floatToFloat16((float) exact[i])), actual[i], what + ": element " + i + ", exactly " + exact[i]);
    }
  }

  @Test
  void halvesOverflowToInfinityAndUnderflowBySteps() {
    // Sums and products of these are 65,519 and more, some of which round to infinity, and halves, odd and even, of the smallest number.
    float[] extremes = {65504, 60000, 2048, 32, 16, 15.99f, 1, 0, -0x1p-12f, 0x1p-12f, 0x1p-13f, 0x1.8p-13f, 0x1p-14f, 0x1p-24f, 0x1.8p-23f, -65504};
    int count = extremes.length * extremes.length;
    float[] first = new float[count];
    float[] second = new float[count];
    for (int i = 0; i < count; i++) {
      first[i] = extremes[i / extremes.length];
      second[i] = extremes[i % extremes.length];
    }
    Twin a = values(DType.F16, first, 16, 16);
    Twin b = values(DType.F16, second, 16, 16);
    Twin out = normal(DType.F16, 16, 16);
    rounded("add", (ops, t) -> ops.add(t.get(0), t.get(1), t.get(2)), a, b, out);
    rounded("multiply", (ops, t) -> ops.multiply(t.get(0), t.get(1), t.get(2)), a, b, out);
    for (double factor : new double[] {2, 0.5, 0.25, -3}) {
      rounded("scale", (ops, t) -> ops.scale(t.get(0), factor, t.get(1)), a, out);
      rounded("addScaled", (ops, t) -> ops.addScaled(t.get(0), factor, t.get(1)), a, values(DType.F16, second, 16, 16));
    }
    Twin row = values(DType.F32, extremes, 16);
    rounded("addRow", (ops, t) -> ops.addRow(t.get(0), t.get(1), t.get(2)), a, row, out);
    Twin indices = indices(16, 0.1, 16);
    rounded("gatherRows", (ops, t) -> ops.gatherRows(t.get(0), t.get(1), t.get(2), true), a, indices, values(DType.F16, second, 16, 16));
    rounded("upsample2 gradient", (ops, t) -> ops.upsample2Gradient(t.get(0), t.get(1)), a.reshape(1, 16, 16, 1), normal(DType.F16, 1, 8, 8, 1));
  }

  @Test
  void productsInHalfPrecisionAreRoundedOnce() {
    // 40 times 2048 is too much, 31 times is not; a 2^-12 times a 2^-13 is half of the smallest number, and three of them one and a half.
    float[] left = new float[4 * 40];
    float[] right = new float[6 * 40];
    for (int k = 0; k < 40; k++) {
      left[k] = 2048;
      left[40 + k] = 0x1p-12f;
      left[80 + k] = k % 2 == 0 ? 61440 : -61440;
      left[120 + k] = 1 + k / 64f;
      right[k] = 1;
      right[40 + k] = k < 31 ? 1 : 0;
      right[80 + k] = k < 1 ? 0x1p-13f : 0;
      right[120 + k] = k < 3 ? 0x1p-13f : 0;
      right[160 + k] = k < 32 ? -1 : 0;
      right[200 + k] = 0.5f;
    }
    Twin x = values(DType.F16, left, 4, 40);
    Twin w = values(DType.F16, right, 6, 40);
    Twin bias = values(DType.F32, new float[] {0, 0.5f, 0, 0x1p-25f, 16, -1}, 6);
    for (boolean accumulate : new boolean[] {false, true}) {
      rounded("matmul", (ops, t) -> ops.matmul(t.get(0), false, t.get(1), true, 1, t.get(2), accumulate), x, w, values(DType.F16, new float[] {65504, 1, 0, 0, -1, 0,
          0, 1, 0, 0x1p-24f, 0, 0, 7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6}, 4, 6));
    }
    rounded("linear", (ops, t) -> ops.linear(t.get(0), t.get(1), t.get(2), t.get(3)), x, w, bias, normal(DType.F16, 4, 6));
    Twin packed = normal(DType.F16, 32, 40);
    run((ops, t) -> ops.packWeight(t.get(0), t.get(1)), w, packed);
    rounded("linear by row", (ops, t) -> ops.linearByRow(t.get(0), t.get(1), t.get(2), t.get(3)), x, packed, bias, normal(DType.F16, 4, 6));
    rounded("convolution", (ops, t) -> ops.convolution(t.get(0), t.get(1), t.get(2), t.get(3)), x.reshape(1, 2, 2, 40), w.reshape(6, 40, 1, 1), bias,
        normal(DType.F16, 1, 2, 2, 6));
    rounded("input gradient", (ops, t) -> ops.convolutionInputGradient(t.get(0), t.get(1), t.get(2)), x.reshape(1, 2, 2, 40),
        values(DType.F16, right, 40, 6, 1, 1), normal(DType.F16, 1, 2, 2, 6));
  }

  @Test
  void productsInHalfPrecisionPassOnWhatIsNotFinite() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] values = new float[20];
      Arrays.fill(values, 1);
      values[7] = bad;
      Twin x = values(DType.F16, values, 4, 5);
      Twin w = normal(DType.F16, 3, 5);
      Tensor out = scope.allocate(DType.F16, 4, 3);
      device.ops().matmul(x.tested, false, w.tested, true, 1, out, false);
      float[] found = out.toFloats();
      for (int i = 0; i < found.length; i++) {
        assertEquals(i / 3 != 1, Float.isFinite(found[i]), bad + ": element " + i + " is " + found[i]);
      }
    }
  }

  @Test
  void combinesElements() {
    elements((a, b, size) -> {
      Twin x = normal(a, size);
      Twin y = normal(b, size);
      Twin out = normal(a, size);
      run((ops, t) -> ops.add(t.get(0), t.get(1), t.get(2)), x, y, out);
      same("add", out, 1);
      run((ops, t) -> ops.multiply(t.get(0), t.get(1), t.get(2)), x, y, out);
      same("multiply", out, 1);
      run((ops, t) -> ops.scale(t.get(0), -0.3, t.get(1)), x, y);
      same("scale", y, 1);
      Twin total = normal(a, size);
      run((ops, t) -> ops.addScaled(t.get(0), 1.7, t.get(1)), x, total);
      same("addScaled", total, 2);
      run((ops, t) -> ops.add(t.get(0), t.get(1), t.get(0)), x, x);
      same("add in place", x, 2);
    });
  }

  @Test
  void activates() {
    for (Activation f : Activation.values()) {
      elements((a, b, size) -> {
        Twin x = normal(a, size);
        Twin g = normal(b, size);
        Twin out = normal(b, size);
        run((ops, t) -> ops.activation(f, t.get(0), t.get(1)), x, out);
        same(f.toString(), out, 4);
        run((ops, t) -> ops.activationGradient(f, t.get(0), t.get(1), t.get(2)), x, g, out);
        same(f + " gradient", out, 8);
      });
    }
  }

  @Test
  void activatesExtremes() {
    float[] extremes = {-1e30f, -200f, -88f, -1e-30f, 0f, 1e-30f, 20f, 88f, 200f, 1e30f};
    for (Activation f : Activation.values()) {
      Twin x = values(DType.F32, extremes, extremes.length);
      Twin out = normal(DType.F32, extremes.length);
      run((ops, t) -> ops.activation(f, t.get(0), t.get(1)), x, out);
      float[] actual = out.tested.toFloats();
      double[] expected = ReferenceDevice.read(out.reference);
      for (int i = 0; i < actual.length; i++) {
        assertEquals(expected[i], actual[i], 1e-6 * Math.max(1, Math.abs(expected[i])), f + " of " + extremes[i]);
      }
      Twin nan = values(DType.F32, new float[] {Float.NaN}, 1);
      run((ops, t) -> ops.activation(f, t.get(0), t.get(0)), nan);
      assertTrue(Float.isNaN(nan.tested.toFloat()), f + " of NaN");
    }
  }

  @Test
  void addsAndSumsRows() {
    for (int width : WIDTHS) {
      for (int rows : new int[] {0, 1, 7, 300, 1025}) {
        for (DType type : TYPES) {
          Twin x = normal(type, rows, width);
          Twin bias = normal(DType.F32, width);
          Twin out = normal(type, rows, width);
          run((ops, t) -> ops.addRow(t.get(0), t.get(1), t.get(2)), x, bias, out);
          same("addRow", out, 1);
          run((ops, t) -> ops.sumRows(t.get(0), t.get(1), true), x, bias);
          same("sumRows", bias, rows);
          run((ops, t) -> ops.sumRows(t.get(0), t.get(1), false), x, bias);
          same("sumRows", bias, rows);
        }
      }
    }
  }

  @Test
  void normalisesRows() {
    for (int width : WIDTHS) {
      for (int rows : rowCounts(width)) {
        for (DType type : TYPES) {
          Twin x = normal(type, rows, width);
          Twin gain = normal(DType.F32, width);
          Twin bias = normal(DType.F32, width);
          Twin out = normal(type, rows, width);
          Twin mean = normal(DType.F32, rows);
          Twin rstd = normal(DType.F32, rows);
          // A width of one has no variance: epsilon alone decides, and keeps the numbers of order one.
          double epsilon = width == 1 ? 0.1 : 1e-5;
          run((ops, t) -> ops.layerNorm(t.get(0), t.get(1), t.get(2), epsilon, t.get(3), t.get(4), t.get(5)), x, gain, bias, out, mean,
              rstd);
          // A row of numbers that are close to one another feels their roundings 1 / deviation times.
          double closest = Arrays.stream(ReferenceDevice.read(rstd.reference)).max().orElse(1);
          double terms = width + 100 + closest * closest;
          same("layerNorm", out, terms);
          same("mean", mean, width);
          same("rstd", rstd, terms);
          Twin g = normal(type, rows, width);
          Twin d = normal(type, rows, width);
          Twin gradGain = normal(DType.F32, width);
          Twin gradBias = normal(DType.F32, width);
          run((ops, t) -> ops.layerNormGradient(t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), t.get(5), t.get(6), t.get(7)), x, gain,
              mean, rstd, g, d, gradGain, gradBias);
          same("layerNorm gradient", d, terms);
          same("gain gradient", gradGain, rows + terms);
          same("bias gradient", gradBias, rows);
        }
      }
    }
  }

  /** As in training in 16 bits, where the stream is F32 and the gradient of the normalised rows is not. */
  @Test
  void normalisesRowsOfMixedTypesFarFromZero() {
    for (int rows : rowCounts(160)) {
      for (DType type : TYPES) {
        Twin x = normal(DType.F32, rows, 160);
        Twin far = normal(DType.F32, rows, 160);
        run((ops, t) -> ops.fill(t.get(0), 100), far);
        run((ops, t) -> ops.add(t.get(0), t.get(1), t.get(0)), x, far);
        Twin gain = normal(DType.F32, 160);
        Twin bias = normal(DType.F32, 160);
        Twin out = normal(type, rows, 160);
        Twin mean = normal(DType.F32, rows);
        Twin rstd = normal(DType.F32, rows);
        run((ops, t) -> ops.layerNorm(t.get(0), t.get(1), t.get(2), 1e-5, t.get(3), t.get(4), t.get(5)), x, gain, bias, out, mean, rstd);
        // The mean is rounded at its own size, which the deviations of about one then feel.
        same("layerNorm", out, 100 * 160);
        same("mean", mean, 160);
        same("rstd", rstd, 100 * 160);
        Twin g = normal(type, rows, 160);
        Twin d = normal(DType.F32, rows, 160);
        Twin gradGain = normal(DType.F32, 160);
        Twin gradBias = normal(DType.F32, 160);
        run((ops, t) -> ops.layerNormGradient(t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), t.get(5), t.get(6), t.get(7)), x, gain, mean, rstd, g, d,
            gradGain, gradBias);
        same("layerNorm gradient", d, 100 * 160);
        same("gain gradient", gradGain, 100 * 160 + 100 * rows);
        same("bias gradient", gradBias, rows);
      }
    }
  }

  @Test
  void takesSoftmaxAndCrossEntropy() {
    for (int width : WIDTHS) {
      for (int rows : rowCounts(width)) {
        for (DType type : TYPES) {
          Twin x = normal(type, rows, width);
          run((ops, t) -> ops.scale(t.get(0), 8, t.get(0)), x);
          Twin out = normal(type, rows, width);
          run((ops, t) -> ops.softmax(t.get(0), t.get(1)), x, out);
          same("softmax", out, 30);
          Twin g = normal(type, rows, width);
          // The gradient is a function of the given output, whatever it is.
          Twin y = normal(type, rows, width);
          run((ops, t) -> ops.softmaxGradient(t.get(0), t.get(1), t.get(2)), y, g, g);
          same("softmax gradient", g, width);
          Twin targets = indices(width, 0.2, rows);
          Twin losses = normal(DType.F32, rows);
          run((ops, t) -> ops.crossEntropy(t.get(0), t.get(1), t.get(2)), x, targets, losses);
          same("crossEntropy", losses, width);
          Twin weights = normal(DType.F32, rows);
          run((ops, t) -> ops.crossEntropyGradient(t.get(0), t.get(1), t.get(2), t.get(3)), x, targets, weights, out);
          same("crossEntropy gradient", out, 100);
        }
      }
    }
  }

  @Test
  void keepsSoftmaxFiniteForHugeLogits() {
    for (int rows : new int[] {1, 1 << 15}) {
      float[] logits = new float[4 * rows];
      float[] expected = new float[4 * rows];
      for (int n = 0; n < rows; n++) {
        System.arraycopy(new float[] {1e30f, -1e30f, 1e30f, 0f}, 0, logits, 4 * n, 4);
        System.arraycopy(new float[] {0.5f, 0, 0.5f, 0}, 0, expected, 4 * n, 4);
      }
      Twin x = values(DType.F32, logits, rows, 4);
      run((ops, t) -> ops.softmax(t.get(0), t.get(0)), x);
      assertArrayEquals(expected, x.tested.toFloats());
    }
  }

  @Test
  void gathersAndScatters() {
    for (int width : WIDTHS) {
      for (DType type : TYPES) {
        Twin table = normal(type, 19, width);
        Twin at = indices(19, 0.2, 77);
        Twin out = normal(type, 77, width);
        run((ops, t) -> ops.gatherRows(t.get(0), t.get(1), t.get(2), true), table, at, out);
        same("gatherRows", out, 2);
        run((ops, t) -> ops.gatherRows(t.get(0), t.get(1), t.get(2), false), table, at, out);
        same("gatherRows", out, 1);
        Twin sum = normal(DType.F32, 19, width);
        run((ops, t) -> ops.scatterAddRows(t.get(0), t.get(1), t.get(2)), out, at, sum);
        same("scatterAddRows", sum, 20);
      }
    }
  }

  @Test
  void findsTheFirstGreatest() {
    for (int width : WIDTHS) {
      for (DType type : TYPES) {
        Twin x = normal(type, 300, width);
        Tensor a = scope.allocate(DType.I32, 300);
        Tensor b = referenceScope.allocate(DType.I32, 300);
        device.ops().argmax(x.tested, a);
        reference.ops().argmax(x.reference, b);
        assertArrayEquals(b.toInts(), a.toInts());
      }
    }
    Twin ties = values(DType.F32, new float[] {1, 5, 5, Float.NEGATIVE_INFINITY, -2, Float.NaN, 7, Float.NaN}, 2, 4);
    Tensor a = scope.allocate(DType.I32, 2);
    device.ops().argmax(ties.tested, a);
    assertArrayEquals(new int[] {1, 1}, a.toInts());
  }

  @Test
  void sums() {
    for (int size : SIZES) {
      for (DType type : TYPES) {
        Twin x = normal(type, size);
        Twin out = normal(DType.F32, 1);
        run((ops, t) -> ops.sum(t.get(0), t.get(1), true), x, out);
        same("sum", out, 4);
        run((ops, t) -> ops.sumOfSquares(t.get(0), t.get(1), false), x, out);
        same("sumOfSquares", out, 4);
      }
    }
    Twin bad = values(DType.F32, new float[] {1, Float.NaN, 2}, 3);
    Tensor out = scope.allocate(DType.F32, 1);
    device.ops().sumOfSquares(bad.tested, out, false);
    assertTrue(Float.isNaN(out.toFloat()));
  }

  @Test
  void poolsAndUpsamples() {
    for (int channels : new int[] {1, 3, 16, 33}) {
      for (DType type : TYPES) {
        for (int height : new int[] {3, 57}) {
          int batch = 3;
          int width = height == 3 ? 5 : (1 << 17) / (12 * height * channels) + 1;
          Twin x = normal(type, batch, 2 * height, 2 * width, channels);
          Twin small = normal(type, batch, height, width, channels);
          run((ops, t) -> ops.maxPool2(t.get(0), t.get(1)), x, small);
          same("maxPool2", small, 1);
          Twin g = normal(type, batch, height, width, channels);
          Twin d = normal(type, batch, 2 * height, 2 * width, channels);
          run((ops, t) -> ops.maxPool2Gradient(t.get(0), t.get(1), t.get(2)), x, g, d);
          same("maxPool2 gradient", d, 1);
          run((ops, t) -> ops.upsample2(t.get(0), t.get(1)), g, d);
          same("upsample2", d, 1);
          run((ops, t) -> ops.upsample2Gradient(t.get(0), t.get(1)), x, g);
          same("upsample2 gradient", g, 4);
        }
      }
    }
  }

  @Test
  void givesTheGradientToTheFirstOfEqualPixels() {
    for (int channels : new int[] {1, 1 << 15}) {
      float[] pixels = new float[4 * channels];
      float[] expected = new float[4 * channels];
      float[] gradient = new float[channels];
      for (int c = 0; c < channels; c++) {
        // The windows of the channels: all equal; the first, the second and the third of the greatest elsewhere.
        for (int place = 0; place < 4; place++) {
          pixels[place * channels + c] = place < c % 4 ? 1 : 2;
        }
        gradient[c] = 3;
        expected[c % 4 * channels + c] = 3;
      }
      Twin x = values(DType.F32, pixels, 1, 2, 2, channels);
      Twin g = values(DType.F32, gradient, 1, 1, 1, channels);
      run((ops, t) -> ops.maxPool2Gradient(t.get(0), t.get(1), t.get(0)), x, g);
      assertArrayEquals(expected, x.tested.toFloats());
    }
  }

  /** A later copy holds what the tensor held at its place in the order, and any thread may wait for it. */
  @Test
  void copiesToTheHostLater() throws InterruptedException {
    for (DType dtype : TYPES) {
      for (int size : SIZES) {
        try (Arena arena = Arena.ofShared()) {
          Tensor tensor = normal(dtype, size + 1).tested().slice(1, size + 1);
          float[] expected = tensor.toFloats();
          MemorySegment host = arena.allocate(tensor.byteSize(), 64);
          Completion copied = device.downloadLater(tensor, host);
          device.ops().fill(tensor, 7);
          AtomicReference<byte[]> seen = new AtomicReference<>();
          Thread other = Thread.ofPlatform().start(() -> {
            copied.await();
            seen.set(host.toArray(ValueLayout.JAVA_BYTE));
          });
          copied.await();
          other.join();
          copied.await();
          Tensor copy = scope.allocate(dtype, size);
          device.upload(MemorySegment.ofArray(seen.get()), copy);
          assertArrayEquals(expected, copy.toFloats());
          if (size > 0) {
            assertEquals(7, tensor.slice(0, 1).toFloat());
          }
        }
      }
    }
  }

  @Test
  void refusesMemoryThatALaterCopyCannotUse() {
    try (Arena arena = Arena.ofShared()) {
      Tensor tensor = scope.zeros(DType.F16, Shape.of(3));
      assertEquals("host memory: expected 6 bytes for " + tensor + ", got 8",
          assertThrows(ShapeException.class, () -> device.downloadLater(tensor, arena.allocate(8))).getMessage());
      assertEquals("host memory: expected native memory for a copy that is made later, got a view of a Java array",
          assertThrows(ShapeException.class, () -> device.downloadLater(tensor, MemorySegment.ofArray(new byte[6]))).getMessage());
    }
  }

  @Test
  void drawsTheSameNumbersAsTheHost() {
    Twin u = normal(DType.F32, 40_001);
    run((ops, t) -> ops.uniform(5, 6, t.get(0)), u);
    assertArrayEquals(u.reference.toFloats(), u.tested.toFloats());
    run((ops, t) -> ops.normal(5, 6, 0.02, t.get(0)), u);
    same("normal", u, 1);
  }

  private List<DType> productTypes() {
    return Arrays.stream(TYPES).filter(device::computesIn).toList();
  }

  @Test
  void multipliesMatrices() {
    int[][] sizes = {{1, 1, 1}, {13, 7, 5}, {64, 64, 64}, {33, 207, 65}, {1, 300, 17}, {129, 1, 31}};
    for (DType type : productTypes()) {
      for (DType outType : type == DType.F32 ? List.of(DType.F32) : List.of(DType.F32, type)) {
        for (int[] size : sizes) {
          for (int flags = 0; flags < 8; flags++) {
            boolean ta = (flags & 1) != 0;
            boolean tb = (flags & 2) != 0;
            boolean accumulate = (flags & 4) != 0;
            int m = size[0];
            int k = size[1];
            int n = size[2];
            Twin a = ta ? normal(type, k, m) : normal(type, m, k);
            Twin b = tb ? normal(type, n, k) : normal(type, k, n);
            Twin out = normal(outType, m, n);
            run((ops, t) -> ops.matmul(t.get(0), ta, t.get(1), tb, 0.5, t.get(2), accumulate), a, b, out);
            same("matmul " + m + "x" + k + "x" + n + " " + ta + " " + tb, out, k);
          }
          Twin a = normal(type, 2, 3, size[0], size[1]);
          Twin b = normal(type, 2, 3, size[1], size[2]);
          Twin out = normal(outType, 2, 3, size[0], size[2]);
          run((ops, t) -> ops.matmul(t.get(0), false, t.get(1), false, 1, t.get(2), false), a, b, out);
          same("batched matmul", out, size[1]);
          Twin x = normal(type, size[0], size[1]);
          Twin weight = normal(type, size[2], size[1]);
          Twin bias = normal(DType.F32, size[2]);
          Twin y = normal(outType, size[0], size[2]);
          run((ops, t) -> ops.linear(t.get(0), t.get(1), t.get(2), t.get(3)), x, weight, bias, y);
          same("linear", y, size[1]);
        }
      }
    }
  }

  @Test
  void multipliesRowByRow() {
    for (DType weightType : TYPES) {
      for (DType type : TYPES) {
        for (DType outType : type == DType.F32 ? List.of(DType.F32) : List.of(DType.F32, type)) {
          for (int[] size : new int[][] {{0, 3, 5}, {1, 1, 1}, {1, 64, 32}, {3, 13, 33}, {4, 128, 64}, {7, 31, 100}, {16, 64, 207}}) {
            Twin x = normal(type, size[0], size[1]);
            Twin weight = normal(weightType, size[2], size[1]);
            Twin packed = normal(weightType, (size[2] + Ops.PACKED_ROWS - 1) / Ops.PACKED_ROWS * Ops.PACKED_ROWS, size[1]);
            Twin bias = normal(DType.F32, size[2]);
            Twin y = normal(outType, size[0], size[2]);
            run((ops, t) -> ops.packWeight(t.get(0), t.get(1)), weight, packed);
            run((ops, t) -> ops.linearByRow(t.get(0), t.get(1), t.get(2), t.get(3)), x, packed, bias, y);
            same("linear by row " + Arrays.toString(size), y, size[1]);
          }
        }
      }
    }
  }

  /** Rows one by one, a few and all together: the same bits. */
  @Test
  void rowsDoNotDependOnTheirNumber() {
    Twin x = normal(DType.BF16, 23, 200);
    Twin bias = normal(DType.F32, 70);
    for (DType weightType : TYPES) {
      Twin packed = normal(weightType, 96, 200);
      run((ops, t) -> ops.packWeight(t.get(0), t.get(1)), normal(weightType, 70, 200), packed);
      Twin all = normal(DType.F32, 23, 70);
      run((ops, t) -> ops.linearByRow(t.get(0), t.get(1), t.get(2), t.get(3)), x, packed, bias, all);
      float[] expected = all.tested.toFloats();
      for (int together : new int[] {1, 2, 5, 8}) {
        for (int from = 0; from < 23; from += together) {
          int count = Math.min(together, 23 - from);
          Tensor some = scope.allocate(DType.F32, count, 70);
          device.ops().linearByRow(x.tested.slice(from, from + count), packed.tested, bias.tested, some);
          assertArrayEquals(Arrays.copyOfRange(expected, from * 70, (from + count) * 70), some.toFloats());
        }
      }
    }
  }

  @Test
  void convolves() {
    int[][] cases = {{1, 5, 4, 1, 1, 1}, {2, 8, 8, 3, 16, 7}, {3, 6, 5, 16, 7, 3}, {2, 4, 4, 33, 32, 1}, {1, 1, 1, 8, 8, 3},
        {2, 16, 16, 32, 8, 3}, {2, 13, 11, 64, 64, 3}, {1, 18, 15, 32, 128, 3}};
    for (DType type : productTypes()) {
      for (DType outType : type == DType.F32 ? List.of(DType.F32) : List.of(DType.F32, type)) {
        for (int[] c : cases) {
          int k = c[5];
          int terms = c[3] * k * k;
          Twin x = normal(type, c[0], c[1], c[2], c[3]);
          Twin w = normal(type, c[4], c[3], k, k);
          Twin bias = normal(DType.F32, c[4]);
          Twin out = normal(outType, c[0], c[1], c[2], c[4]);
          run((ops, t) -> ops.convolution(t.get(0), t.get(1), t.get(2), t.get(3)), x, w, bias, out);
          same("convolution " + Arrays.toString(c), out, terms);
          Twin g = normal(type, c[0], c[1], c[2], c[4]);
          Twin d = normal(outType, c[0], c[1], c[2], c[3]);
          run((ops, t) -> ops.convolutionInputGradient(t.get(0), t.get(1), t.get(2)), g, w, d);
          same("input gradient " + Arrays.toString(c), d, c[4] * k * k);
          Twin gradWeight = normal(DType.F32, c[4], c[3], k, k);
          for (boolean accumulate : new boolean[] {true, false}) {
            run((ops, t) -> ops.convolutionParameterGradient(t.get(0), t.get(1), t.get(2), t.get(3), accumulate), x, g, gradWeight, bias);
            same("weight gradient " + Arrays.toString(c), gradWeight, c[0] * c[1] * c[2]);
            same("bias gradient " + Arrays.toString(c), bias, c[0] * c[1] * c[2]);
          }
        }
      }
    }
  }

  @Test
  void repeatsBitForBit() {
    Tensor x = normal(DType.F32, 600, 300).tested;
    Tensor w = normal(DType.F32, 200, 300).tested;
    Tensor g = normal(DType.F32, 600, 200).tested;
    float[][] first = null;
    for (int round = 0; round < 3; round++) {
      Tensor product = scope.allocate(DType.F32, 200, 300);
      Tensor sum = scope.allocate(DType.F32, 300);
      Tensor total = scope.allocate(DType.F32, 1);
      device.ops().matmul(g, true, x, false, 1, product, false);
      device.ops().sumRows(x, sum, false);
      device.ops().sumOfSquares(w, total, false);
      float[][] results = {product.toFloats(), sum.toFloats(), total.toFloats()};
      if (first != null) {
        for (int i = 0; i < results.length; i++) {
          assertArrayEquals(first[i], results[i]);
        }
      }
      first = results;
    }
  }
}
