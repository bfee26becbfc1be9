package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Parameter;
import dev.dalle.tensor.ParameterSet;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdamWTest {
  static Stream<Device> devices() {
    return Stream.of(new ReferenceDevice(), Device.cpu(1), Device.cpu(3), OpaqueDevice.open(2));
  }

  private static ParameterSet twoParameters(Scope scope) {
    ParameterSet parameters = new ParameterSet(scope);
    parameters.add("weight", Parameter.Kind.MATRIX, 3, 7).value().write(values(1, 21));
    parameters.add("bias", Parameter.Kind.FULL, 7).value().write(values(2, 7));
    return parameters;
  }

  private static float[] values(long stream, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Philox.normal(11, stream, i);
    }
    return values;
  }

  private static void setGradient(Parameter parameter, float[] gradient) {
    parameter.clearGradient();
    parameter.addGradient((tensor, accumulate) -> tensor.write(gradient));
  }

  /**
   * PyTorch's AdamW (decay by a factor first, then the step) on one number, worked by hand. Step size 0.1, betas 0.9 and 0.999, decay 0.01, p = 1.
   *
   * <p>Gradient 0.5: both corrections cancel, mean 0.5, root 0.5, so p = 0.999 - 0.1 = 0.899.
   *
   * <p>Gradient -0.25: mean 0.9 * 0.05 - 0.025 = 0.02, corrected by 0.19 to 2 / 19; variance 0.999 * 0.00025 + 0.0000625 = 0.00031225, corrected by
   * 0.001999 to 0.15620310155, its root 0.39522538703; so p = 0.899 * 0.999 - 0.1 * 0.10526315789 / 0.39522538703 = 0.898101 - 0.02663370 =
   * 0.87146730. Epsilon moves this by about 2e-9.
   */
  @ParameterizedTest
  @MethodSource("devices")
  void twoUpdatesWorkedByHand(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = new ParameterSet(scope);
      Parameter p = parameters.add("p", Parameter.Kind.MATRIX, 1);
      p.value().write(new float[] {1});
      AdamW adam = new AdamW(scope, parameters.all(), new AdamWConfig(0.9, 0.999, 1e-8, 0.01, Double.POSITIVE_INFINITY));
      setGradient(p, new float[] {0.5f});
      adam.update(0.1, 1);
      assertEquals(0.899, p.value().toFloat(), 1e-7);
      setGradient(p, new float[] {-0.25f});
      adam.update(0.1, 1);
      assertEquals(0.8714673, p.value().toFloat(), 2e-7);
      assertEquals(2, adam.updates());
    }
  }

  /** Written as in the paper of AdamW: moments corrected anew each time, the decay apart from the step. Shares no code with any device. */
  private static double[] independent(double[] start, float[][] gradients, double[] stepSizes, AdamWConfig config, boolean matrix) {
    double[] p = start.clone();
    for (int i = 0; i < p.length; i++) {
      double m = 0;
      double v = 0;
      double power1 = 1;
      double power2 = 1;
      for (int t = 0; t < gradients.length; t++) {
        double g = gradients[t][i];
        m += (1 - config.beta1()) * (g - m);
        v += (1 - config.beta2()) * (g * g - v);
        if (v > config.varianceLimit()) {
          v = config.varianceLimit();
        }
        power1 *= config.beta1();
        power2 *= config.beta2();
        double decay = matrix ? config.weightDecay() * p[i] : 0;
        p[i] -= stepSizes[t] * (m / (1 - power1) / (config.epsilon() + Math.sqrt(v / (1 - power2))) + decay);
      }
    }
    return p;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void manyUpdatesFollowAnIndependentImplementation(Device device) {
    int steps = 200;
    boolean exact = device instanceof ReferenceDevice;
    for (AdamWConfig config : List.of(AdamWConfig.DVAE, AdamWConfig.TRANSFORMER, new AdamWConfig(0, 0.5, 1e-3, 0.3, 0.25))) {
      try (Scope scope = device.newScope()) {
        ParameterSet parameters = twoParameters(scope);
        AdamW adam = new AdamW(scope, parameters.all(), config);
        double[] stepSizes = new double[steps];
        float[][] weight = new float[steps][];
        float[][] bias = new float[steps][];
        double[] weightStart = widened(parameters.get("weight").value().toFloats());
        double[] biasStart = widened(parameters.get("bias").value().toFloats());
        for (int t = 0; t < steps; t++) {
          stepSizes[t] = 1e-2 / (1 + t);
          weight[t] = values(100 + t, 21);
          bias[t] = values(500 + t, 7);
          setGradient(parameters.get("weight"), weight[t]);
          setGradient(parameters.get("bias"), bias[t]);
          adam.update(stepSizes[t], 1);
        }
        assertEquals(steps, adam.updates());
        // In 32 bits each update rounds a value of about 1 once: at worst all 200 roundings point the same way.
        double tolerance = exact ? 1e-12 : steps * Math.ulp(2f) / 2;
        assertArrayEquals(independent(weightStart, weight, stepSizes, config, true), read(parameters.get("weight").value()), tolerance);
        assertArrayEquals(independent(biasStart, bias, stepSizes, config, false), read(parameters.get("bias").value()), tolerance);
      }
    }
  }

  private static double[] read(Tensor tensor) {
    return tensor.device() instanceof ReferenceDevice ? ReferenceDevice.read(tensor) : widened(tensor.toFloats());
  }

  private static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    Arrays.setAll(wide, i -> values[i]);
    return wide;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void onlyMatricesDecay(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = twoParameters(scope);
      float[] weight = parameters.get("weight").value().toFloats();
      float[] bias = parameters.get("bias").value().toFloats();
      AdamW adam = new AdamW(scope, parameters.all(), new AdamWConfig(0.9, 0.96, 1e-8, 0.5, 5));
      // Empty gradients read as zeros: what moves is the decay, 1 - 0.5 * 0.5 a time.
      adam.update(0.5, 1);
      adam.update(0.5, 1);
      for (int i = 0; i < weight.length; i++) {
        weight[i] *= 0.5625f;
      }
      assertArrayEquals(weight, parameters.get("weight").value().toFloats(), 3e-7f);
      assertArrayEquals(bias, parameters.get("bias").value().toFloats());
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void varianceIsClippedBeforeItIsStored(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = new ParameterSet(scope);
      Parameter p = parameters.add("p", Parameter.Kind.FULL, 2);
      p.value().write(new float[] {0, 0});
      AdamW adam = new AdamW(scope, parameters.all(), AdamWConfig.TRANSFORMER);
      setGradient(p, new float[] {100, 1});
      adam.update(1, 1);
      // 0.04 * 100^2 = 400 is clipped to 5, 0.04 is not; then the mean 100 is divided by sqrt(5 / 0.04).
      assertArrayEquals(new float[] {5, 0.04f}, tensor(adam, "adamw.variance.p").toFloats(), 1e-8f);
      assertArrayEquals(new float[] {(float) (-100 / Math.sqrt(125)), -1}, p.value().toFloats(), 1e-6f);
    }
  }

  private static Tensor tensor(AdamW adam, String name) {
    return adam.state().stream().filter(named -> named.name().equals(name)).findFirst().orElseThrow().tensor();
  }

  @ParameterizedTest
  @MethodSource("devices")
  void aSkippedUpdateLeavesEverythingAndIsNotCounted(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = twoParameters(scope);
      ParameterSet never = twoParameters(scope);
      AdamW adam = new AdamW(scope, parameters.all(), AdamWConfig.TRANSFORMER);
      AdamW other = new AdamW(scope, never.all(), AdamWConfig.TRANSFORMER);
      GlobalNorm norm = new GlobalNorm(scope, parameters.all());
      for (int t = 0; t < 6; t++) {
        float[] weight = values(20 + t, 21);
        setGradient(parameters.get("weight"), weight);
        setGradient(parameters.get("bias"), values(40 + t, 7));
        if (t == 2 || t == 4) {
          weight[5] = t == 2 ? Float.NaN : Float.NEGATIVE_INFINITY;
          setGradient(parameters.get("weight"), weight);
        } else {
          setGradient(never.get("weight"), weight);
          setGradient(never.get("bias"), values(40 + t, 7));
          other.update(0.1, 1);
        }
        adam.update(0.1, norm.measure(1, Double.POSITIVE_INFINITY));
      }
      assertEquals(4, adam.updates());
      for (int i = 0; i < adam.state().size(); i++) {
        NamedTensor a = adam.state().get(i);
        if (a.tensor().dtype() == DType.F32) {
          assertArrayEquals(other.state().get(i).tensor().toFloats(), a.tensor().toFloats(), a.name());
        }
      }
      for (Parameter parameter : parameters) {
        assertArrayEquals(never.get(parameter.name()).value().toFloats(), parameter.value().toFloats(), parameter.name());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void everyParameterHasItsFactorAndOneThatIsNotFiniteSkipsAll(Device device) {
    try (Scope scope = device.newScope()) {
      ParameterSet scaled = twoParameters(scope);
      ParameterSet plain = twoParameters(scope);
      AdamW adam = new AdamW(scope, scaled.all(), AdamWConfig.TRANSFORMER);
      AdamW other = new AdamW(scope, plain.all(), AdamWConfig.TRANSFORMER);
      for (int t = 0; t < 3; t++) {
        float[] weight = values(20 + t, 21);
        float[] bias = values(40 + t, 7);
        setGradient(plain.get("weight"), weight);
        setGradient(plain.get("bias"), bias);
        other.update(0.1, 1);
        // Scales of 8 and of 1/4: powers of two are exact.
        setGradient(scaled.get("weight"), scaled(weight, 8));
        setGradient(scaled.get("bias"), scaled(bias, 0.25f));
        for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
          adam.update(0.1, scope.of(new float[] {0.125f, poison}, 2));
          adam.update(0.1, scope.of(new float[] {poison, 4}, 2));
        }
        adam.update(0.1, scope.of(new float[] {0.125f, 4}, 2));
      }
      assertEquals(3, adam.updates());
      for (Parameter parameter : plain) {
        assertArrayEquals(parameter.value().toFloats(), scaled.get(parameter.name()).value().toFloats(), parameter.name());
      }
    }
  }

  private static float[] scaled(float[] values, float factor) {
    float[] scaled = values.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= factor;
    }
    return scaled;
  }

  /** The step is made of the moments before they are rounded, and the first ones come from zeros: the same to the bit. After that they part. */
  @Test
  void firstUpdateIsTheSameForBothKindsOfMoments() {
    for (Device device : List.of(Device.cpu(2), OpaqueDevice.open(1))) {
      try (Scope scope = device.newScope()) {
        ParameterSet wide = twoParameters(scope);
        ParameterSet narrow = twoParameters(scope);
        AdamW one = new AdamW(scope, wide.all(), AdamWConfig.TRANSFORMER);
        AdamW other = new AdamW(scope, narrow.all(), AdamWConfig.TRANSFORMER.withMoments(Moments.SIXTEEN_BIT));
        for (int t = 0; t < 3; t++) {
          for (ParameterSet set : List.of(wide, narrow)) {
            setGradient(set.get("weight"), values(60 + t, 21));
            setGradient(set.get("bias"), values(70 + t, 7));
          }
          one.update(0.1, 1);
          other.update(0.1, 1);
          boolean equal = Arrays.equals(wide.get("weight").value().toFloats(), narrow.get("weight").value().toFloats());
          assertEquals(t == 0, equal, "update " + t);
          // Moments are off by at most 2^-10 and 2^-11 of themselves a rounding, steps of 0.1 by some of that.
          assertArrayEquals(wide.get("weight").value().toFloats(), narrow.get("weight").value().toFloats(), 1e-3f);
          assertArrayEquals(wide.get("bias").value().toFloats(), narrow.get("bias").value().toFloats(), "32 bits");
        }
      }
    }
  }

  /** Steps of a thousandth from 1 downwards, where BF16 has steps of 2^-8: rounding to nearest loses them, the other two ways do not. */
  @Test
  void smallStepsOfValuesIn16Bits() {
    int count = 4_096;
    int updates = 40;
    for (Device device : List.of(Device.cpu(2), OpaqueDevice.open(1))) {
      for (ValueUpdate way : ValueUpdate.values()) {
        try (Scope scope = device.newScope()) {
          Parameter p = new Parameter(scope, "p", Parameter.Kind.MATRIX, Shape.of(count), DType.BF16);
          device.ops().fill(p.value(), 1);
          AdamW adam = new AdamW(scope, List.of(p), new AdamWConfig(0, 0, 1e-8, 0, Double.POSITIVE_INFINITY).withValueUpdate(way, 5));
          float[] ones = new float[count];
          Arrays.fill(ones, 1);
          setGradient(p, ones);
          for (int t = 0; t < updates; t++) {
            adam.update(1e-3, 1);
          }
          float[] values = p.value().toFloats();
          double mean = 0;
          for (float value : values) {
            mean += value / count;
          }
          switch (way) {
            case NEAREST_EVEN -> assertEquals(1, mean);
            // 1 - 0.04, rounded once.
            case MASTER_COPY -> assertEquals(1 - updates * 1e-3, mean, 0x1p-9);
            // A walk whose steps have a deviation of at most half of 2^-8; the mean of so many walks, five deviations.
            case STOCHASTIC -> assertEquals(1 - updates * 1e-3, mean, 5 * 0x1p-9 * Math.sqrt((double) updates / count));
          }
        }
      }
    }
  }

  @Test
  void masterCopiesFollowValuesThatAreWritten() {
    for (Device device : List.of(new ReferenceDevice(), Device.cpu(1), OpaqueDevice.open(1))) {
      try (Scope scope = device.newScope()) {
        Parameter p = new Parameter(scope, "p", Parameter.Kind.MATRIX, Shape.of(1), DType.F16);
        p.value().write(new float[] {1});
        AdamW adam = new AdamW(scope, List.of(p), new AdamWConfig(0, 0, 1e-8, 0, Double.POSITIVE_INFINITY));
        assertEquals(1, tensor(adam, "adamw.master.p").toFloat());
        setGradient(p, new float[] {1});
        adam.update(0.25, 1);
        assertEquals(0.75f, p.value().toFloat(), 1e-6f);
        p.value().write(new float[] {8});
        adam.copyValues();
        adam.update(0.25, 1);
        assertEquals(7.75f, p.value().toFloat(), 1e-6f);
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefusedBeforeAnythingIsPosted() {
    OpaqueDevice device = OpaqueDevice.open(1);
    try (Scope scope = device.newScope(); Scope elsewhere = Device.cpu(1).newScope()) {
      Tensor first = scope.of(new float[3], 3);
      Tensor second = scope.of(new float[5], 5);
      Tensor[] gradient = {scope.of(new float[5], 5)};
      List<ParameterShard> shards = List.of(new ParameterShard("a", Parameter.Kind.MATRIX, first, () -> first, ShardPlace.from(0)),
          new ParameterShard("b", Parameter.Kind.FULL, second, () -> gradient[0], ShardPlace.from(7)));
      AdamW adam = AdamW.ofShards(scope, shards, AdamWConfig.DVAE);
      Tensor one = scope.of(new float[] {1}, 1);
      device.synchronize();
      for (Tensor wrong : List.of(first, scope.zeros(DType.F16, Shape.of(5)), elsewhere.of(new float[5], 5))) {
        gradient[0] = wrong;
        device.synchronize();
        assertEquals("b: gradient: expected F32 with 5 elements like the value F32[5]@opaque, got " + wrong,
            assertThrows(ShapeException.class, () -> adam.update(0.1, one)).getMessage());
        assertEquals(0, device.pending());
      }
      gradient[0] = second;
      for (double stepSize : new double[] {Double.NaN, -1e-9, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY}) {
        assertThrows(IllegalArgumentException.class, () -> adam.update(stepSize, one));
        assertThrows(IllegalArgumentException.class, () -> adam.update(stepSize, 1));
        assertEquals(0, device.pending(), "step size " + stepSize);
      }
      assertThrows(IllegalArgumentException.class, () -> adam.update(0.1, Double.NaN));
      assertEquals(0, device.pending());
      for (Tensor wrong : List.of(scope.of(new int[1], 1), scope.of(new float[3], 3), elsewhere.of(new float[1], 1))) {
        device.synchronize();
        assertTrue(assertThrows(ShapeException.class, () -> adam.update(0.1, wrong)).getMessage().startsWith("factors: expected "));
        assertEquals(0, device.pending());
      }
      assertEquals(0, adam.updates());

      assertEquals("shards: expected one of each parameter, got two of a; every rank's shards have an optimizer of their own",
          assertThrows(IllegalArgumentException.class, () -> AdamW.ofShards(scope, List.of(shards.get(0), shards.get(0)), AdamWConfig.DVAE)).getMessage());
      assertEquals("b: value: expected a tensor on cpu, got F32[5]@opaque",
          assertThrows(ShapeException.class, () -> AdamW.ofShards(elsewhere, List.of(shards.get(1)), AdamWConfig.DVAE)).getMessage());
      refused("first: expected an index of at least 0, got -1", () -> ShardPlace.from(-1));
      refused("run and stride: expected at least 1, and a stride of at least the run, got 4 and 3", () -> new ShardPlace(0, 4, 3));
      refused("x: value: expected F32 for kind FULL, got F16[5]@opaque",
          () -> new ParameterShard("x", Parameter.Kind.FULL, scope.zeros(DType.F16, Shape.of(5)), () -> first, ShardPlace.from(0)));
      refused("x: value: expected F32, F16 or BF16 for kind MATRIX, got I32[1]@opaque",
          () -> new ParameterShard("x", Parameter.Kind.MATRIX, scope.of(new int[1], 1), () -> first, ShardPlace.from(0)));
      refused("x: counts: expected at least 0, got -1 and 0", () -> new MomentReport("x", 0, 0, -1, 0));
    }
  }

  @Test
  void noUpdateWaits() {
    OpaqueDevice device = OpaqueDevice.open(1);
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = twoParameters(scope);
      AdamW adam = new AdamW(scope, parameters.all(), AdamWConfig.TRANSFORMER);
      GlobalNorm norm = new GlobalNorm(scope, parameters.all());
      ExponentialMovingAverage average = new ExponentialMovingAverage(scope, parameters.all(), MovingAverageConfig.DVAE);
      setGradient(parameters.get("weight"), values(3, 21));
      int before = device.pending();
      for (int update = 1; update <= 3; update++) {
        adam.update(0.1, norm.measure(0.5, 4));
        adam.update(0.1, 0.5);
        average.update(update);
      }
      assertTrue(device.pending() >= before + 3 * 10, "every operation is still to be run");
      assertEquals(6, adam.updates());
      assertEquals(0, device.pending());
    }
  }

  @Test
  void stateNamesEveryTensorOnceAndMemoryGoesBack() {
    Device device = Device.cpu(1);
    try (Scope model = device.newScope()) {
      ParameterSet parameters = twoParameters(model);
      long before = device.bytesInUse();
      try (Scope scope = device.newScope()) {
        AdamW adam = new AdamW(scope, parameters.all(), AdamWConfig.DVAE);
        assertEquals(List.of("adamw.updates", "adamw.mean.weight", "adamw.variance.weight", "adamw.mean.bias", "adamw.variance.bias"),
            adam.state().stream().map(NamedTensor::name).toList());
        assertEquals(DType.I32, adam.state().getFirst().tensor().dtype());
        assertEquals(0, adam.updates());
        assertEquals(AdamWConfig.DVAE, adam.config());
      }
      assertEquals(before, device.bytesInUse());
    }
  }

  @Test
  void wrongNumbersAndShapesAreRefused() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      ParameterSet parameters = twoParameters(scope);
      AdamW adam = new AdamW(scope, parameters.all(), AdamWConfig.DVAE);
      Tensor pair = scope.of(new float[2], 2);
      assertEquals("factors: expected 1 element, or 2, one for each parameter, got F32[3]@cpu",
          assertThrows(ShapeException.class, () -> adam.update(0.1, scope.of(new float[3], 3))).getMessage());
      for (double stepSize : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1e-3}) {
        assertEquals("stepSize: expected a finite number of at least 0, got " + stepSize,
            assertThrows(IllegalArgumentException.class, () -> adam.update(stepSize, 1)).getMessage());
        assertEquals("stepSize: expected a finite number of at least 0, got " + stepSize,
            assertThrows(IllegalArgumentException.class, () -> adam.update(stepSize, pair)).getMessage());
      }
      assertEquals("gradientFactor: expected a finite number, got Infinity",
          assertThrows(IllegalArgumentException.class, () -> adam.update(0.1, Double.POSITIVE_INFINITY)).getMessage());
      OptimizerOps ops = device.operations(OptimizerOps.class);
      Tensor one = scope.of(new float[1], 1);
      Tensor count = scope.of(new int[1], 1);
      assertEquals("updates: expected I32, got F32[1]@cpu", assertThrows(ShapeException.class, () -> ops.countUpdate(one, one, one)).getMessage());
      Tensor report = scope.of(new int[4], 4);
      Tensor codes = scope.zeros(DType.U16, Shape.of(2));
      Tensor half = scope.zeros(DType.F16, Shape.of(2));
      AdamWConfig rounded = AdamWConfig.DVAE.withValueUpdate(ValueUpdate.NEAREST_EVEN, 0);
      refused(ops, rounded, "value: expected 2 elements like gradient F32[2]@cpu, got F32[1]@cpu", tensors(one, Optional.empty(), pair, pair, report));
      refused(ops, rounded, "value: expected F32, F16 or BF16, got U16[2]@cpu", tensors(codes, Optional.empty(), pair, pair, report));
      refused(ops, rounded, "mean: expected 2 elements like gradient F32[2]@cpu, got F32[1]@cpu", tensors(pair, Optional.empty(), one, pair, report));
      refused(ops, rounded, "mean: expected F32, got F16[2]@cpu", tensors(pair, Optional.empty(), half, pair, report));
      refused(ops, rounded, "variance: expected 2 elements like mean F32[2]@cpu, got F32[1]@cpu", tensors(pair, Optional.empty(), pair, one, report));
      refused(ops, rounded, "variance: expected U16, got F32[2]@cpu", tensors(pair, Optional.empty(), codes, pair, report));
      refused(ops, rounded, "report: expected 4 elements, got I32[1]@cpu", tensors(pair, Optional.empty(), pair, pair, count));
      refused(ops, rounded, "report: expected I32, got F32[2]@cpu", tensors(pair, Optional.empty(), pair, pair, pair));
      refused(ops, rounded, "master: expected none with NEAREST_EVEN for value F16[2]@cpu, got F32[2]@cpu",
          tensors(half, Optional.of(pair), pair, pair, report));
      refused(ops, AdamWConfig.DVAE, "master: expected a copy in F32 with MASTER_COPY for value F16[2]@cpu, got none",
          tensors(half, Optional.empty(), pair, pair, report));
      refused(ops, AdamWConfig.DVAE, "master: expected none with MASTER_COPY for value F32[2]@cpu, got F32[2]@cpu",
          tensors(pair, Optional.of(pair), pair, pair, report));
      refused(ops, AdamWConfig.DVAE, "master: expected F32, got F16[2]@cpu", tensors(half, Optional.of(half), pair, pair, report));
      refused(ops, AdamWConfig.DVAE, "master: expected 2 elements like gradient F32[2]@cpu, got F32[1]@cpu",
          tensors(half, Optional.of(one), pair, pair, report));
      try (Scope elsewhere = new ReferenceDevice().newScope()) {
        Tensor foreign = elsewhere.of(new float[1], 1);
        assertEquals("average: expected a tensor on cpu, got F32[1]@reference",
            assertThrows(ShapeException.class, () -> ops.average(one, 0.5, foreign)).getMessage());
      }
      assertEquals("decay: expected a number in [0, 1), got 1.0",
          assertThrows(IllegalArgumentException.class, () -> ops.average(one, 1, one)).getMessage());
    }
  }

  private static AdamWTensors tensors(Tensor value, Optional<Tensor> master, Tensor mean, Tensor variance, Tensor report) {
    return new AdamWTensors(value, master, mean, variance, report, true, 0, ShardPlace.from(0));
  }

  private static void refused(OptimizerOps ops, AdamWConfig config, String message, AdamWTensors tensors) {
    try (Scope scope = tensors.value().device().newScope()) {
      assertEquals(message, assertThrows(ShapeException.class, () -> ops.adamW(config, 0.1, scope.of(new float[1], 1), scope.of(new int[1], 1),
          scope.of(new float[2], 2), tensors)).getMessage());
    }
  }

  @Test
  void everyCheckOfTheConfigurationFires() {
    refused("beta1: expected a number in [0, 1), got 1.0", () -> new AdamWConfig(1, 0.9, 1e-8, 0, 5));
    refused("beta1: expected a number in [0, 1), got NaN", () -> new AdamWConfig(Double.NaN, 0.9, 1e-8, 0, 5));
    refused("beta2: expected a number in [0, 1), got -0.1", () -> new AdamWConfig(0.9, -0.1, 1e-8, 0, 5));
    refused("epsilon: expected a positive number, got 0.0", () -> new AdamWConfig(0.9, 0.9, 0, 0, 5));
    refused("weightDecay: expected a number of at least 0, got -1.0", () -> new AdamWConfig(0.9, 0.9, 1e-8, -1, 5));
    refused("varianceLimit: expected a positive number or infinity, got 0.0", () -> new AdamWConfig(0.9, 0.9, 1e-8, 0, 0));
  }

  private static void refused(String message, Runnable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call::run).getMessage());
  }
}
