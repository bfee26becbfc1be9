package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.AdamWTensors;
import dev.dalle.precision.optimizer.ShardPlace;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The processor's kernels against the reference in double, and against themselves with other numbers of threads. */
class CpuOptimizerOpsTest {
  private static final double EPS = DType.F32.epsilon();

  private static float[] normal(long stream, int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * Philox.normal(7, stream, i));
    }
    return values;
  }

  private static float[] squared(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] *= values[i];
    }
    return values;
  }

  private record Result(float[] value, float[] mean, float[] variance) {}

  private static Result adamW(Device device, int count, AdamWConfig config, double stepSize, float factor, int t) {
    try (Scope scope = device.newScope()) {
      // One element in front of each: kernels must cope with tensors that are not aligned to vectors.
      Tensor gradient = shifted(scope, normal(1, count, 0.3));
      Tensor value = shifted(scope, normal(2, count, 0.05));
      Tensor mean = shifted(scope, normal(3, count, 0.1));
      Tensor variance = shifted(scope, squared(normal(4, count, 0.2)));
      device.operations(OptimizerOps.class).adamW(config, stepSize, scope.of(new float[] {factor}, 1), scope.of(new int[] {t}, 1), gradient,
          new AdamWTensors(value, Optional.empty(), mean, variance, scope.zeros(DType.I32, Shape.of(4)), true, 0, ShardPlace.from(0)));
      return new Result(value.toFloats(), mean.toFloats(), variance.toFloats());
    }
  }

  private static Tensor shifted(Scope scope, float[] values) {
    return shifted(scope, DType.F32, values);
  }

  private static Tensor shifted(Scope scope, DType type, float[] values) {
    Tensor tensor = scope.allocate(type, values.length + 1).slice(1, values.length + 1);
    tensor.write(values);
    return tensor;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 207, 4_097, 1_000_003})
  void adamWAgreesWithTheReference(int count) {
    double stepSize = 2e-3;
    float factor = 0.37f;
    for (AdamWConfig config : new AdamWConfig[] {AdamWConfig.DVAE, AdamWConfig.TRANSFORMER, new AdamWConfig(0.9, 0.96, 1e-8, 0.1, 0.01)}) {
      Result expected = adamW(new ReferenceDevice(), count, config, stepSize, factor, 3);
      Result actual = adamW(Device.cpu(2), count, config, stepSize, factor, 3);
      float[] g = normal(1, count, 0.3);
      float[] m = normal(3, count, 0.1);
      for (int i = 0; i < count; i++) {
        // A sum of two products: three roundings of its larger part, and one more of each decay constant.
        double meanError = 4 * EPS * (Math.abs(m[i]) + factor * Math.abs(g[i]));
        assertEquals(expected.mean[i], actual.mean[i], meanError, "mean");
        // Every part of the variance is positive, so relative errors only add up.
        assertEquals(expected.variance[i], actual.variance[i], 8 * EPS * expected.variance[i], "variance");
        // The value is rounded once, the step carries the relative errors of mean (against the corrected root) and of about eight operations.
        double root = Math.sqrt(expected.variance[i] / (1 - Math.pow(config.beta2(), 3)));
        double step = stepSize / (1 - Math.pow(config.beta1(), 3)) / root;
        assertEquals(expected.value[i], actual.value[i],
            EPS * Math.abs(expected.value[i]) + step * (meanError + 10 * EPS * Math.abs(expected.mean[i])) + EPS * stepSize, "value");
      }
    }
  }

  /** In 16 bits: the same codes as of double arithmetic, save for the few whose numbers lie beside the middle of two codes. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 207, 4_097, 1_000_003})
  void codesAgreeWithTheReference(int count) {
    int[][] expected = codes(new ReferenceDevice(), count);
    int[][] actual = codes(Device.cpu(2), count);
    float[] g = normal(1, count, 0.3);
    int different = 0;
    for (int i = 0; i < count; i++) {
      // The next code, or, where mean and gradient cancel, what three roundings of the greater of them leave.
      float mean = FloatFormat.F1_6_9.decode(expected[0][i]);
      assertEquals(mean, FloatFormat.F1_6_9.decode(actual[0][i]), 0x1p-9 * Math.abs(mean) + 4 * EPS * (0.1 * Math.abs(Philox.normal(7, 3, i)) + Math.abs(g[i])));
      assertEquals(expected[1][i], actual[1][i], 1);
      different += (expected[0][i] == actual[0][i] ? 0 : 1) + (expected[1][i] == actual[1][i] ? 0 : 1);
    }
    // A code is 2^13 units of F32's last place wide or more, and moments are off by a few of those units.
    assertTrue(different <= 2 + count / 250, different + " of " + count);
  }

  private static int[][] codes(Device device, int count) {
    try (Scope scope = device.newScope()) {
      Tensor mean = scope.allocate(DType.U16, count);
      Tensor variance = scope.allocate(DType.U16, count);
      mean.write(IntStream.range(0, count).map(i -> FloatFormat.F1_6_9.encode(0.1 * Philox.normal(7, 3, i))).toArray());
      variance.write(IntStream.range(0, count).map(i -> FloatFormat.F0_6_10.encode(Math.pow(0.2 * Philox.normal(7, 4, i), 2))).toArray());
      device.operations(OptimizerOps.class).adamW(AdamWConfig.TRANSFORMER, 1e-3, scope.of(new float[] {0.37f}, 1), scope.of(new int[] {3}, 1),
          shifted(scope, normal(1, count, 0.3)), new AdamWTensors(shifted(scope, normal(2, count, 0.05)), Optional.empty(), mean, variance,
              scope.zeros(DType.I32, Shape.of(4)), true, 0, ShardPlace.from(0)));
      return new int[][] {mean.toInts(), variance.toInts()};
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {13, 4_097, 1_000_003})
  void bitsDoNotDependOnTheNumberOfThreads(int count) {
    Result one = adamW(Device.cpu(1), count, AdamWConfig.DVAE, 1e-3, 1, 5);
    Result three = adamW(Device.cpu(3), count, AdamWConfig.DVAE, 1e-3, 1, 5);
    assertArrayEquals(one.value, three.value);
    assertArrayEquals(one.mean, three.mean);
    assertArrayEquals(one.variance, three.variance);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void aFactorThatIsNotFiniteLeavesEveryBit(float factor) {
    int count = 4_097;
    Result result = adamW(Device.cpu(2), count, AdamWConfig.TRANSFORMER, 1e-3, factor, 5);
    assertArrayEquals(normal(2, count, 0.05), result.value);
    assertArrayEquals(normal(3, count, 0.1), result.mean);
    assertArrayEquals(squared(normal(4, count, 0.2)), result.variance);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 13, 207, 4_097, 1_000_003})
  void averageAgreesWithTheReference(int count) {
    float[] value = normal(1, count, 1);
    float[] start = normal(2, count, 1);
    float[] expected = average(new ReferenceDevice(), DType.F32, value, start);
    float[] one = average(Device.cpu(1), DType.F32, value, start);
    for (int i = 0; i < count; i++) {
      assertEquals(expected[i], one[i], EPS * (Math.abs(start[i]) + 0.01 * Math.abs(value[i])));
    }
    assertArrayEquals(one, average(Device.cpu(3), DType.F32, value, start));
    assertArrayEquals(value, average(Device.cpu(1), DType.F32, value, value), "equal values stay to the bit");
  }

  /** Values in 16 bits are averaged as the same numbers in F32: every code, on vectors and on what is left of one. */
  @ParameterizedTest
  @ValueSource(ints = {0, 13, 65_536, 65_549})
  void averageReadsEveryCode(int count) {
    float[] start = normal(2, count, 1);
    for (FloatFormat format : new FloatFormat[] {FloatFormat.FP16, FloatFormat.BF16}) {
      float[] value = new float[count];
      for (int i = 0; i < count; i++) {
        value[i] = format.decode(i & 0xFFFF);
      }
      assertArrayEquals(average(Device.cpu(1), DType.F32, value, start),
          average(Device.cpu(3), format == FloatFormat.FP16 ? DType.F16 : DType.BF16, value, start));
    }
  }

  private static float[] average(Device device, DType type, float[] value, float[] start) {
    try (Scope scope = device.newScope()) {
      Tensor average = shifted(scope, DType.F32, start);
      device.operations(OptimizerOps.class).average(shifted(scope, type, value), 0.99, average);
      return average.toFloats();
    }
  }
}
