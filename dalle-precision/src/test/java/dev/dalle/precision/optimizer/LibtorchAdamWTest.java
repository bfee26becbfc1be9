package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** F32 AdamW beside libtorch's, the same gradients on both sides. */
class LibtorchAdamWTest {
  private static final int UPDATES = 50;

  /** Gradients whose size changes from element to element and from update to update, over three decades. */
  private static float[] gradient(int count, int update) {
    float[] gradient = new float[count];
    for (int i = 0; i < count; i++) {
      gradient[i] = (float) (Math.pow(10, -3 * Philox.uniform(1, update, i)) * Philox.normal(2, update, i));
    }
    return gradient;
  }

  private static float[] start(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Philox.normal(3, 0, i);
    }
    return values;
  }

  private static double[] ours(int count, double stepSize, double decay) {
    try (Scope scope = Device.cpu(2).newScope()) {
      Parameter parameter = new Parameter(scope, "p", Parameter.Kind.MATRIX, Shape.of(count));
      parameter.value().write(start(count));
      AdamW adam = new AdamW(scope, List.of(parameter), new AdamWConfig(0.9, 0.999, 1e-8, decay, Double.POSITIVE_INFINITY));
      for (int update = 1; update <= UPDATES; update++) {
        float[] gradient = gradient(count, update);
        parameter.clearGradient();
        parameter.addGradient((tensor, accumulate) -> tensor.write(gradient));
        adam.update(stepSize, 1);
      }
      float[] values = parameter.value().toFloats();
      return IntStream.range(0, count).mapToDouble(i -> values[i]).toArray();
    }
  }

  /** In F32 or F64, from the same numbers. */
  private static double[] libtorch(ScalarType type, int count, double stepSize, double decay) {
    try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
      Tensor value = Tensor.create(start(count)).to(type).set_requires_grad(true);
      // The other constants are its defaults: 0.9, 0.999, 1e-8.
      AdamWOptions options = new AdamWOptions(stepSize);
      options.weight_decay().put(decay);
      org.bytedeco.pytorch.AdamW adam = new org.bytedeco.pytorch.AdamW(new TensorVector(value), options);
      for (int update = 1; update <= UPDATES; update++) {
        value.mutable_grad().put(Tensor.create(gradient(count, update)).to(type));
        adam.step();
      }
      double[] values = new double[count];
      new DoublePointer(value.to(ScalarType.Double).data_ptr_double()).get(values);
      return values;
    }
  }

  /** The greatest difference, relative to what was added up: the number it started from or became, whichever is greater, but no less than ten steps. */
  private static double difference(double[] expected, double[] actual, double stepSize) {
    float[] start = start(expected.length);
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double size = Math.max(Math.max(Math.abs(expected[i]), Math.abs(start[i])), 10 * stepSize);
      worst = Math.max(worst, Math.abs(expected[i] - actual[i]) / size);
    }
    return worst;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 207, 10_007})
  void withoutDecayValuesStayWithinAMillionth(int count) {
    for (double stepSize : new double[] {1e-3, 4.5e-4}) {
      double difference = difference(libtorch(ScalarType.Float, count, stepSize, 0), ours(count, stepSize, 0), stepSize);
      assertTrue(difference <= 1e-6, "off by " + difference);
    }
  }

  /**
   * With the paper's step sizes and decays. libtorch multiplies values by {@code 1 - stepSize * decay}: rounded to F32, that is off by up to 2^-25 in the same
   * direction in every update, and the product is rounded once more than ours, which adds it to the step. So in F32 libtorch itself strays from what it
   * computes in F64 by some millionths; ours stays with the latter.
   */
  @ParameterizedTest
  @CsvSource({"4.5e-4, 4.5e-2", "1e-4, 1e-4", "1e-3, 1e-2"})
  void withDecayValuesStayWithinAMillionthOfF64(double stepSize, double decay) {
    int count = 10_007;
    double[] exact = libtorch(ScalarType.Double, count, stepSize, decay);
    double difference = difference(exact, ours(count, stepSize, decay), stepSize);
    double theirs = difference(exact, libtorch(ScalarType.Float, count, stepSize, decay), stepSize);
    assertTrue(difference <= 1e-6, "off by " + difference);
    assertTrue(difference < theirs, "off by " + difference + ", libtorch's own F32 by " + theirs);
  }
}
