package dev.dalle.dvae.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.dvae.DvaeOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every implementation of {@link DvaeOps} must do, compared with the reference in double on the same 32-bit inputs. Tolerances are written
 * for mathematics in 32 bits with exponentials and logarithms good to 2^-22: ULP is the rounding of one operation.
 */
public abstract class AbstractDvaeOpsTest {
  private static final double ULP = 0x1p-24;
  /** What an implementation may drop from a row, see {@link DvaeOps#gumbelSoftmax}. */
  private static final double NOTHING = 0x1p-63;

  private Device device;
  private final ReferenceDevice reference = new ReferenceDevice();
  private Scope scope;
  private Scope expected;

  /** The device under test. */
  protected abstract Device device();

  @BeforeEach
  void open() {
    device = device();
    scope = device.newScope();
    expected = reference.newScope();
  }

  @AfterEach
  void close() {
    scope.close();
    expected.close();
    assertEquals(0, reference.bytesInUse());
  }

  /** Runs one operation on both devices: the last tensor is its result, filled with garbage before. */
  private final class Both {
    private final List<Tensor> here = new ArrayList<>();
    private final List<Tensor> there = new ArrayList<>();

    Both in(float[] values, long... dims) {
      here.add(scope.of(values, dims));
      there.add(expected.of(values, dims));
      return this;
    }

    Both in(int[] values, long... dims) {
      here.add(scope.of(values, dims));
      there.add(expected.of(values, dims));
      return this;
    }

    Both out(DType dtype, long... dims) {
      Tensor out = scope.allocate(dtype, dims);
      float[] garbage = new float[(int) out.elementCount()];
      java.util.Arrays.fill(garbage, Float.NaN);
      out.write(garbage);
      here.add(out);
      there.add(expected.allocate(dtype, dims));
      return this;
    }

    /** The last tensor is the result and the tensor at {@code index} at the same time. */
    Both outIs(int index) {
      here.add(here.get(index));
      there.add(there.get(index));
      return this;
    }

    double[] expected(Operation operation) {
      operation.run(reference.operations(DvaeOps.class), there);
      return ReferenceDevice.read(there.getLast());
    }

    float[] actual(Operation operation) {
      operation.run(device.operations(DvaeOps.class), here);
      return floats(here.getLast());
    }

    void check(Operation operation, IntToDoubleFunction tolerance) {
      double[] right = expected(operation);
      float[] found = actual(operation);
      assertEquals(right.length, found.length);
      for (int i = 0; i < right.length; i++) {
        assertEquals(right[i], found[i], tolerance.applyAsDouble(i), "element " + i);
      }
    }
  }

  private static float[] floats(Tensor tensor) {
    if (tensor.dtype().isFloating()) {
      return tensor.toFloats();
    }
    int[] ints = tensor.toInts();
    float[] values = new float[ints.length];
    for (int i = 0; i < ints.length; i++) {
      values[i] = ints[i];
    }
    return values;
  }

  private interface Operation {
    void run(DvaeOps ops, List<Tensor> tensors);
  }

  private static float[] random(long seed, int count, double low, double high) {
    float[] values = new float[count];
    Random random = new Random(seed);
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(low, high);
    }
    return values;
  }

  /** Wide rows of great and close logits: rows cycle through flat, ordinary, great offsets, one-hot and mixed. */
  private static float[] logits(int rows, int width) {
    float[] values = random(width * 31L + rows, rows * width, -3, 3);
    for (int n = 0; n < rows; n++) {
      for (int k = 0; k < width; k++) {
        int i = n * width + k;
        switch (n % 5) {
          case 0 -> values[i] *= 1e-3f;
          case 1 -> { }
          case 2 -> values[i] += n % 2 == 0 ? 1e4f : -1e4f;
          case 3 -> values[i] = k == width / 2 ? 1e4f : -1e4f;
          default -> values[i] *= 3000;
        }
      }
    }
    return values;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 207, 2047, 2048, 2049, 10_000})
  void affine(int count) {
    float[] x = random(count, count, -2, 2);
    Operation affine = (ops, t) -> ops.affine(t.get(0), -1.7, 0.3, t.get(1));
    new Both().in(x, count).out(DType.F32, count).check(affine, i -> ULP * 3 * (1.7 * Math.abs(x[i]) + 0.3));
    new Both().in(x, count).outIs(0).check(affine, i -> ULP * 3 * (1.7 * Math.abs(x[i]) + 0.3));
    new Both().in(x, count).out(DType.BF16, count).check(affine,
        i -> 0x1p-8 * Math.abs(-1.7 * x[i] + 0.3) + ULP * 4 * (1.7 * Math.abs(x[i]) + 0.3));
    new Both().in(x, count).out(DType.F16, count).check(affine,
        i -> 0x1p-11 * Math.abs(-1.7 * x[i] + 0.3) + ULP * 4 * (1.7 * Math.abs(x[i]) + 0.3));
  }

  @Test
  void affineRoundsTiesToEvenAndKeepsNaN() {
    float[] x = {0x1.01p0f, 0x1.03p0f, 0x1.010002p0f, Float.intBitsToFloat(0x7FFFFFFF), Float.POSITIVE_INFINITY, Float.MAX_VALUE, -0f};
    float[] found = new Both().in(x, x.length).out(DType.BF16, x.length).actual((ops, t) -> ops.affine(t.get(0), 1, 0, t.get(1)));
    float infinity = Float.POSITIVE_INFINITY;
    assertArrayEquals(new float[] {1, 0x1.04p0f, 0x1.02p0f, Float.NaN, infinity, infinity, 0}, found);
    float[] y = {0x1.002p0f, 0x1.006p0f, 0x1.002002p0f, Float.NaN, 65519, 65520, -65536, 0x1p-25f, 0x1.8p-24f, 0x1.4p-24f};
    float[] half = new Both().in(y, y.length).out(DType.F16, y.length).actual((ops, t) -> ops.affine(t.get(0), 1, 0, t.get(1)));
    assertArrayEquals(new float[] {1, 0x1.008p0f, 0x1.004p0f, Float.NaN, 65504, infinity, -infinity, 0, 0x1p-23f, 0x1p-24f}, half);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 2, 0.5", "13, 13, 0.0625", "7, 16, 1", "5, 17, 0.0625", "11, 207, 0.0625", "10, 512, 1", "10, 513, 0.0625",
      "6, 1000, 30", "5, 8192, 0.0625", "0, 5, 1"})
  void gumbelSoftmax(int rows, int width, double temperature) {
    float[] logits = logits(rows, width);
    Operation operation = (ops, t) -> ops.gumbelSoftmax(t.get(0), temperature, 0x1234_5678_9ABC_DEF0L, -77, t.get(1));
    // An entry that counts lies within 44 temperatures of the row's greatest, so its logit's distance from the greatest logit and its noise
    // (from -2.8 to 16.7) are bounded; they are rounded once, and the noise carries two logarithms' errors. Twice, because of the division
    // by the sum; plus the exponential and the sum of a block.
    double exponent = 4 * ULP * (2 + 37 + 44 * temperature) / temperature;
    double relative = 2 * exponent + 64 * ULP;
    double[] right = new Both().in(logits, rows, width).out(DType.F32, rows, width).expected(operation);
    new Both().in(logits, rows, width).out(DType.F32, rows, width).check(operation, i -> relative * right[i] + NOTHING);
    new Both().in(logits, rows, width).outIs(0).check(operation, i -> relative * right[i] + NOTHING);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 2, 0.5", "13, 13, 0.0625", "5, 17, 0.0625", "11, 207, 1", "9, 512, 0.0625", "5, 8192, 0.0625"})
  void gumbelSoftmaxGradient(int rows, int width, double temperature) {
    float[] code = new float[rows * width];
    Random random = new Random(width);
    for (int n = 0; n < rows; n++) {
      double sum = 0;
      for (int k = 0; k < width; k++) {
        code[n * width + k] = (float) Math.exp(random.nextGaussian() * 4);
        sum += code[n * width + k];
      }
      for (int k = 0; k < width; k++) {
        code[n * width + k] /= (float) sum;
      }
    }
    float[] gradCode = random(7, rows * width, -3, 3);
    Operation operation = (ops, t) -> ops.gumbelSoftmaxGradient(t.get(0), t.get(1), temperature, t.get(2));
    // The dot product of at most 3 in size, summed in blocks of at most 32 a lane; then a difference and two products.
    IntToDoubleFunction tolerance = i -> code[i] / temperature * 3 * (40 + 8) * ULP;
    new Both().in(code, rows, width).in(gradCode, rows, width).out(DType.F32, rows, width).check(operation, tolerance);
    new Both().in(code, rows, width).in(gradCode, rows, width).outIs(1).check(operation, tolerance);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 2", "13, 13", "5, 17", "11, 207", "9, 512", "6, 1000", "5, 8192"})
  void uniformDivergence(int rows, int width) {
    float[] logits = logits(rows, width);
    // Exponentials (4 ULP) and their sums (32 ULP) weigh distances from the greatest logit, whose mean is at most ln K + 1, and ln s.
    double tolerance = 80 * ULP * (Math.log(width) + 2);
    new Both().in(logits, rows, width).out(DType.F32, rows)
        .check((ops, t) -> ops.uniformDivergence(t.get(0), t.get(1)), i -> tolerance);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 2", "13, 13", "5, 17", "11, 207", "9, 512", "6, 1000", "5, 8192"})
  void uniformDivergenceGradient(int rows, int width) {
    float[] logits = logits(rows, width);
    float[] gradSum = {-2.5f};
    double[] right = new double[rows * width];
    double[] q = new double[rows * width];
    for (int n = 0; n < rows; n++) {
      double max = Double.NEGATIVE_INFINITY;
      double sum = 0;
      for (int k = 0; k < width; k++) {
        max = Math.max(max, logits[n * width + k]);
      }
      for (int k = 0; k < width; k++) {
        sum += Math.exp(logits[n * width + k] - max);
      }
      for (int k = 0; k < width; k++) {
        q[n * width + k] = Math.exp(logits[n * width + k] - max) / sum;
        right[n * width + k] = logits[n * width + k] - max;
      }
    }
    Operation operation = (ops, t) -> ops.uniformDivergenceGradient(t.get(0), t.get(1), t.get(2));
    // As for the divergence, times the entry's probability; dropped entries have at most 2^-64 of it times its distance.
    IntToDoubleFunction tolerance = i -> 2.5 * q[i] * ULP * (80 * (Math.log(width) + 2) + 64 * Math.abs(right[i])) + 1000 * NOTHING;
    new Both().in(logits, rows, width).in(gradSum, 1).out(DType.F32, rows, width).check(operation, tolerance);
    new Both().in(logits, rows, width).in(gradSum, 1).outIs(0).check(operation, tolerance);
  }

  /** Ordinary and great maps: mu up to 1e4, ln b from -30 to 80. */
  private static float[] maps(int rows, int channels) {
    float[] values = random(rows + channels, 2 * rows * channels, -2, 2);
    for (int n = 0; n < rows; n += 4) {
      for (int c = 0; c < channels; c++) {
        values[2 * n * channels + c] *= 5000;
        values[(2 * n + 1) * channels + c] = n % 8 == 0 ? -30 : 80;
      }
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, -Infinity", "5, 3, -1", "13, 3, -Infinity", "207, 3, 0.5", "682, 3, -1", "683, 3, -Infinity", "1365, 3, -1",
      "3, 17, -Infinity", "2, 2049, -1", "0, 3, -1"})
  void logitLaplace(int rows, int channels, double bound) {
    float[] x = random(rows, rows * channels, 0.1, 0.9);
    float[] maps = maps(rows, channels);
    float[] gradSum = {1.5f};
    IntToDoubleFunction mu = i -> maps[i / channels * 2 * channels + i % channels];
    IntToDoubleFunction logScale = i -> Math.max(bound, maps[(i / channels * 2 + 1) * channels + i % channels]);
    IntToDoubleFunction distance = i -> Math.abs(Math.log(x[i] / (1.0 - x[i])) - mu.applyAsDouble(i));
    // The logit and its difference from mu are rounded, then multiplied by 1 / b, whose exponential has 8 ULP at most.
    IntToDoubleFunction tolerance = i -> ULP * (Math.exp(-logScale.applyAsDouble(i))
        * (32 + Math.abs(mu.applyAsDouble(i)) + 12 * distance.applyAsDouble(i)) + 4 * Math.abs(logScale.applyAsDouble(i)) + 32);
    new Both().in(x, rows, channels).in(maps, rows, 2 * channels).out(DType.F32, rows, channels)
        .check((ops, t) -> ops.logitLaplace(t.get(0), t.get(1), bound, t.get(2)), tolerance);

    Operation gradient = (ops, t) -> ops.logitLaplaceGradient(t.get(0), t.get(1), bound, t.get(2), t.get(3));
    IntToDoubleFunction gradientTolerance = j -> {
      int i = j / (2 * channels) * channels + j % channels;
      return 1.5 * (j % (2 * channels) < channels ? 16 * ULP * Math.exp(-logScale.applyAsDouble(i)) : tolerance.applyAsDouble(i));
    };
    new Both().in(x, rows, channels).in(maps, rows, 2 * channels).in(gradSum, 1).out(DType.F32, rows, 2 * channels)
        .check(gradient, gradientTolerance);
    new Both().in(x, rows, channels).in(maps, rows, 2 * channels).in(gradSum, 1).outIs(1).check(gradient, gradientTolerance);
  }

  @Test
  void atTheKinkAndBelowTheBoundTheGradientIsZero() {
    // logit(1/2) is 0 in every arithmetic.
    float[] found = new Both().in(new float[] {0.5f}, 1, 1).in(new float[] {0, -3}, 1, 2).in(new float[] {1}, 1).out(DType.F32, 1, 2)
        .actual((ops, t) -> ops.logitLaplaceGradient(t.get(0), t.get(1), -2, t.get(2), t.get(3)));
    assertArrayEquals(new float[] {0, 0}, found);
    found = new Both().in(new float[] {0.5f}, 1, 1).in(new float[] {1, -2}, 1, 2).in(new float[] {1}, 1).out(DType.F32, 1, 2)
        .actual((ops, t) -> ops.logitLaplaceGradient(t.get(0), t.get(1), -2, t.get(2), t.get(3)));
    assertEquals(1 - Math.exp(2), found[1], 1e-5, "at the bound ln b still has its gradient");
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5, 3", "683, 3", "2, 17", "0, 3"})
  void pixels(int rows, int channels) {
    new Both().in(maps(rows, channels), rows, 2 * channels).out(DType.F32, rows, channels)
        .check((ops, t) -> ops.pixels(t.get(0), t.get(1)), i -> 32 * ULP);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "13, 5, 3", "207, 17, 33", "0, 4, 2"})
  void gatherColumns(int rows, int codes, int outputs) {
    int[] ids = new Random(1).ints(rows, 0, codes).toArray();
    new Both().in(random(2, outputs * codes, -2, 2), outputs, codes).in(random(3, outputs, -2, 2), outputs).in(ids, rows)
        .out(DType.F32, rows, outputs).check((ops, t) -> ops.gatherColumns(t.get(0), t.get(1), t.get(2), t.get(3)), i -> 4 * ULP);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 5, Integer.MAX_VALUE})
  void anIdOutsideOfTheVocabularyFails(int id) {
    Both both = new Both().in(new float[10], 2, 5).in(new float[2], 2).in(new int[] {0, 4, id}, 3).out(DType.F32, 3, 2);
    RuntimeException thrown = assertThrows(RuntimeException.class, () -> {
      both.actual((ops, t) -> ops.gatherColumns(t.get(0), t.get(1), t.get(2), t.get(3)));
      device.synchronize();
    });
    Throwable cause = thrown;
    while (!(cause instanceof IndexOutOfBoundsException) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    assertEquals("id " + id + " at row 2, there are 5 codes", cause.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "13, 5", "3, 207", "40, 64", "0, 3"})
  void roundingNormsAreNeverTooSmall(int rows, int columns) {
    float[] x = random(1, rows * columns, -3, 3);
    Both both = new Both().in(x, rows, columns).out(DType.F32, rows, 2);
    double[] right = both.expected((ops, t) -> ops.roundingNorms(t.get(0), t.get(1)));
    float[] found = both.actual((ops, t) -> ops.roundingNorms(t.get(0), t.get(1)));
    for (int i = 0; i < right.length; i++) {
      assertTrue(found[i] >= right[i] && found[i] <= 1.001 * right[i], i + ": " + right[i] + " became " + found[i]);
    }
  }

  /** Products as rough as they may be, and always to the disadvantage of the right code. */
  @ParameterizedTest
  @CsvSource({"1, 1, 1", "13, 5, 3", "40, 207, 33", "7, 64, 300", "5, 17, 1000", "0, 4, 2"})
  void argmaxLinearFindsTheGreatestBehindRoughProducts(int rows, int columns, int codes) {
    float[] x = random(1, rows * columns, -1, 1);
    float[] weight = random(2, codes * columns, -1, 1);
    float[] bias = random(3, codes, -0.2, 0.2);
    if (codes > 2) {
      // The same code twice: the first wins.
      System.arraycopy(weight, 0, weight, (codes - 1) * columns, columns);
      bias[codes - 1] = bias[0];
      bias[1] = Float.NEGATIVE_INFINITY;
    }
    float[] xNorms = norms(x, rows, columns);
    float[] weightNorms = norms(weight, codes, columns);
    float[] products = new float[rows * codes];
    for (int n = 0; n < rows; n++) {
      int best = 0;
      double[] exact = new double[codes];
      for (int k = 0; k < codes; k++) {
        for (int c = 0; c < columns; c++) {
          exact[k] += (double) x[n * columns + c] * weight[k * columns + c];
        }
        best = exact[k] + bias[k] > exact[best] + bias[best] ? k : best;
      }
      for (int k = 0; k < codes; k++) {
        double error = 0.999 * (xNorms[2 * n + 1] * weightNorms[2 * k] + (xNorms[2 * n] - xNorms[2 * n + 1]) * weightNorms[2 * k + 1]);
        products[n * codes + k] = (float) (exact[k] + (k == best ? -error : error));
      }
    }
    new Both().in(x, rows, columns).in(xNorms, rows, 2).in(weight, codes, columns).in(weightNorms, codes, 2).in(bias, codes).in(products, rows, codes)
        .in(new int[rows], rows).check((ops, t) -> ops.argmaxLinear(t.get(0), t.get(1), t.get(2), t.get(3), t.get(4), t.get(5), t.get(6)), i -> 0);
  }

  private static float[] norms(float[] x, int rows, int columns) {
    float[] norms = new float[2 * rows];
    for (int n = 0; n < rows; n++) {
      double squares = 0;
      double lost = 0;
      for (int c = 0; c < columns; c++) {
        float value = x[n * columns + c];
        squares += (double) value * value;
        lost += Math.pow(value - ReferenceDvaeOps.toBf16(value), 2);
      }
      norms[2 * n] = (float) (Math.sqrt(squares) * (1 + 1e-6));
      norms[2 * n + 1] = (float) (Math.sqrt(lost) * (1 + 1e-6));
    }
    return norms;
  }

  @Test
  void aScoreWithoutBoundWinsAndARowOfNothingIsDecidedByTheBias() {
    float nan = Float.NaN;
    float infinite = Float.POSITIVE_INFINITY;
    int[] ids = new int[4];
    float[] x = {1, 2, nan, 1, 0, 0, infinite, 1};
    float[] weight = {1, 1, 2, -1, 1, 0};
    float[] products = {3, 0, 1, nan, nan, nan, 0, 0, 0, infinite, infinite, infinite};
    Both both = new Both().in(x, 4, 2).in(new float[] {2.3f, 0, nan, nan, 0, 0, infinite, nan}, 4, 2).in(weight, 3, 2).in(norms(weight, 3, 2), 3, 2)
        .in(new float[] {0, 0.5f, 0.25f}, 3).in(products, 4, 3).in(ids, 4);
    device.operations(DvaeOps.class).argmaxLinear(both.here.get(0), both.here.get(1), both.here.get(2), both.here.get(3), both.here.get(4), both.here.get(5),
        both.here.get(6));
    assertArrayEquals(new int[] {0, 0, 1, 0}, both.here.getLast().toInts());
  }

  @Test
  void noiseIsThatOfTheElementsNumberWhateverTheRow() {
    // Rows of 3 begin anywhere in a block of four numbers; element i must still get number i.
    int rows = 50;
    float[] zeros = new float[rows * 3];
    float[] code = new Both().in(zeros, rows, 3).out(DType.F32, rows, 3).actual((ops, t) -> ops.gumbelSoftmax(t.get(0), 1, 9, 8, t.get(1)));
    for (int n = 0; n < rows; n++) {
      double[] e = new double[3];
      for (int k = 0; k < 3; k++) {
        e[k] = 1 / -Math.log(Philox.uniform(9, 8, 3L * n + k));
      }
      for (int k = 0; k < 3; k++) {
        assertEquals(e[k] / (e[0] + e[1] + e[2]), code[3 * n + k], 1e-5);
      }
    }
  }

  @Test
  void nonFiniteLogitsAreSeen() {
    float[] logits = {1, Float.NaN, 3, 4, 5, 6};
    Consumer<float[]> firstRowIsNotFinite = values -> assertEquals(false, Float.isFinite(values[0]));
    firstRowIsNotFinite.accept(new Both().in(logits, 2, 3).out(DType.F32, 2).actual((ops, t) -> ops.uniformDivergence(t.get(0), t.get(1))));
    float[] code = new Both().in(logits, 2, 3).out(DType.F32, 2, 3).actual((ops, t) -> ops.gumbelSoftmax(t.get(0), 1, 9, 8, t.get(1)));
    firstRowIsNotFinite.accept(code);
    assertEquals(1, code[3] + code[4] + code[5], 1e-6);
  }
}
