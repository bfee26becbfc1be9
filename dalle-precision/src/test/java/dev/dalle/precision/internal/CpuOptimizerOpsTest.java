package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.ReferenceDevice;
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
      device.operations(OptimizerOps.class).adamW(config, true, stepSize, scope.of(new float[] {factor}, 1), scope.of(new int[] {t}, 1), gradient,
          value, mean, variance);
      return new Result(value.toFloats(), mean.toFloats(), variance.toFloats());
    }
  }

  private static Tensor shifted(Scope scope, float[] values) {
    Tensor tensor = scope.allocate(DType.F32, values.length + 1).slice(1, values.length + 1);
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
    float[] expected = average(new ReferenceDevice(), value, start);
    float[] one = average(Device.cpu(1), value, start);
    for (int i = 0; i < count; i++) {
      assertEquals(expected[i], one[i], EPS * (Math.abs(start[i]) + 0.01 * Math.abs(value[i])));
    }
    assertArrayEquals(one, average(Device.cpu(3), value, start));
    assertArrayEquals(value, average(Device.cpu(1), value, value), "equal values stay to the bit");
  }

  private static float[] average(Device device, float[] value, float[] start) {
    try (Scope scope = device.newScope()) {
      Tensor average = shifted(scope, start);
      device.operations(OptimizerOps.class).average(shifted(scope, value), 0.99, average);
      return average.toFloats();
    }
  }
}
