package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.AdamWTensors;
import dev.dalle.precision.optimizer.Moments;
import dev.dalle.precision.optimizer.OptimizerOps;
import dev.dalle.precision.optimizer.ShardPlace;
import dev.dalle.precision.testing.Bits;
import dev.dalle.precision.testing.Kept;
import dev.dalle.precision.testing.ScalarAdamW;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every combination of moments, types of values and ways to round them, bit for bit against one element at a time. */
class AdamWBitsTest {
  private static final long STREAM = 0x0BAD_CAFE_1234_5678L;
  /** Odd: the first code is the upper half of a word; and runs of an odd length, so that a vector meets the end of one anywhere. */
  private static final ShardPlace PLACE = new ShardPlace(70_001, 1009, 4001);
  private static final int[] SIZES = {0, 1, 13, 207, 1_025, 16_384 * 2 + 517};

  /** A parameter with its state on the host. */
  private record State(ScalarAdamW.Element[] elements, float[] gradient) {
    /**
     * Numbers as in training.
     *
     * @param wild whether everything that fits the bits occurs instead: all codes of moments and values, infinities and NaN among the gradients and values
     */
    static State of(int count, boolean wild) {
      ScalarAdamW.Element[] elements = new ScalarAdamW.Element[count];
      float[] gradient = new float[count];
      for (int i = 0; i < count; i++) {
        ScalarAdamW.Element e = new ScalarAdamW.Element();
        elements[i] = e;
        int bits = (int) Philox.stream(1, i);
        if (wild) {
          e.value = Float.intBitsToFloat((int) Philox.stream(2, i));
          e.master = Float.intBitsToFloat((int) Philox.stream(3, i));
          e.valueCode = bits >>> 16;
          e.meanCode = bits & 0xFFFF;
          e.varianceCode = (int) Philox.stream(4, i) & 0xFFFF;
          // Exponents of gradients from far below the least code to beyond the greatest, and a few with all exponent bits.
          gradient[i] = i % 50 == 7 ? Float.intBitsToFloat(bits | 0x7F80_0000)
              : (float) Math.scalb(1.0 + (bits >>> 9 & 0xFFFF) * 0x1p-16, (bits >>> 2 & 0x7F) - 80) * (bits < 0 ? -1 : 1);
          e.mean = FloatFormat.F1_6_9.decode(e.meanCode) * 1.01f;
          e.variance = FloatFormat.F0_6_10.decode(e.varianceCode) * 1.01f;
        } else {
          e.value = (float) (0.05 * Philox.normal(5, 1, i));
          e.master = e.value;
          e.mean = (float) (0.01 * Philox.normal(5, 2, i));
          e.variance = (float) Math.pow(0.02 * Philox.normal(5, 3, i), 2);
          e.meanCode = FloatFormat.F1_6_9.encode(e.mean);
          e.varianceCode = FloatFormat.F0_6_10.encode(e.variance);
          gradient[i] = (float) (0.03 * Philox.normal(5, 4, i));
        }
      }
      return new State(elements, gradient);
    }

    /** Codes of tame values, which depend on the type. */
    State rounded(DType type) {
      FloatFormat format = type == DType.F16 ? FloatFormat.FP16 : FloatFormat.BF16;
      for (ScalarAdamW.Element e : elements) {
        e.valueCode = format.encode(e.value);
      }
      return this;
    }

    float[] floats(ToDoubleFunction<ScalarAdamW.Element> field) {
      float[] values = new float[elements.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) field.applyAsDouble(elements[i]);
      }
      return values;
    }

    int[] codes(ToIntFunction<ScalarAdamW.Element> field) {
      return Stream.of(elements).mapToInt(field).toArray();
    }
  }

  /** A parameter with its state on a device, each tensor one element behind the beginning of its memory: nothing is aligned to vectors. */
  private static final class Tensors {
    private final Tensor gradient;
    private final AdamWTensors state;
    private final Kept kept;

    Tensors(Scope scope, Kept kept, State from) {
      this.kept = kept;
      gradient = shifted(scope, DType.F32, from.gradient);
      Tensor value = kept.valueType() == DType.F32 ? shifted(scope, DType.F32, from.floats(e -> e.value)) : bits(scope, kept.valueType(), from.codes(e -> e.valueCode));
      boolean codes = kept.moments() == Moments.SIXTEEN_BIT;
      Tensor mean = codes ? bits(scope, DType.U16, from.codes(e -> e.meanCode)) : shifted(scope, DType.F32, from.floats(e -> e.mean));
      Tensor variance = codes ? bits(scope, DType.U16, from.codes(e -> e.varianceCode)) : shifted(scope, DType.F32, from.floats(e -> e.variance));
      Optional<Tensor> master = kept.copied() ? Optional.of(shifted(scope, DType.F32, from.floats(e -> e.master))) : Optional.empty();
      state = new AdamWTensors(value, master, mean, variance, scope.of(new int[] {1, 2, 3, 4}, 4), true, STREAM, PLACE);
    }

    private static Tensor shifted(Scope scope, DType type, float[] values) {
      Tensor tensor = scope.allocate(type, values.length + 1).slice(1, values.length + 1);
      tensor.write(values);
      return tensor;
    }

    private static Tensor bits(Scope scope, DType type, int[] codes) {
      Tensor tensor = scope.allocate(type, codes.length + 1).slice(1, codes.length + 1);
      short[] shorts = new short[codes.length];
      for (int i = 0; i < codes.length; i++) {
        shorts[i] = (short) codes[i];
      }
      tensor.device().upload(MemorySegment.ofArray(shorts), tensor);
      return tensor;
    }

    void update(AdamWConfig config, double stepSize, float factor, int t) {
      try (Scope scope = gradient.device().newScope()) {
        gradient.device().operations(OptimizerOps.class).adamW(config, stepSize, scope.of(new float[] {factor}, 1), scope.of(new int[] {t}, 1), gradient, state);
      }
    }

    void assertEqual(State expected, String when) {
      if (kept.valueType() == DType.F32) {
        assertArrayEquals(expected.floats(e -> e.value), state.value().toFloats(), when + ", value");
      } else {
        assertArrayEquals(expected.codes(e -> e.valueCode), Bits.codes(state.value()), when + ", value");
      }
      state.master().ifPresent(master -> assertArrayEquals(expected.floats(e -> e.master), master.toFloats(), when + ", master copy"));
      if (kept.moments() == Moments.SIXTEEN_BIT) {
        assertArrayEquals(expected.codes(e -> e.meanCode), state.mean().toInts(), when + ", mean");
        assertArrayEquals(expected.codes(e -> e.varianceCode), state.variance().toInts(), when + ", variance");
      } else {
        assertArrayEquals(expected.floats(e -> e.mean), state.mean().toFloats(), when + ", mean");
        assertArrayEquals(expected.floats(e -> e.variance), state.variance().toFloats(), when + ", variance");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void bitsAreThoseOfOneElementAtATime(Kept kept) {
    for (Device device : List.of(Device.cpu(1), Device.cpu(3), OpaqueDevice.open(2))) {
      for (AdamWConfig constants : List.of(AdamWConfig.DVAE, AdamWConfig.TRANSFORMER, new AdamWConfig(0.5, 0.7, 1e-3, 0.3, 0.01))) {
        AdamWConfig config = kept.in(constants);
        for (int size : SIZES) {
          for (boolean wild : new boolean[] {false, true}) {
            State expected = wild ? State.of(size, true) : State.of(size, false).rounded(kept.valueType());
            try (Scope scope = device.newScope()) {
              Tensors actual = new Tensors(scope, kept, expected);
              for (int t = 1; t <= 3; t++) {
                float factor = t == 2 ? -0.37f : 1;
                ScalarAdamW scalar = new ScalarAdamW(config, true, kept.valueType(), STREAM, 0.01 * t, factor, t);
                for (int i = 0; i < size; i++) {
                  scalar.update(expected.elements[i], expected.gradient[i], PLACE.index(i));
                }
                actual.update(config, 0.01 * t, factor, t);
                actual.assertEqual(expected, device.name() + ", " + size + (wild ? " wild" : "") + " elements, update " + t);
                if (kept.moments() == Moments.SIXTEEN_BIT || !wild) {
                  assertReport(kept, expected, actual);
                }
              }
            }
          }
        }
      }
    }
  }

  private static void assertReport(Kept kept, State expected, Tensors actual) {
    boolean codes = kept.moments() == Moments.SIXTEEN_BIT;
    int[] mean = codes ? expected.codes(e -> e.meanCode) : expected.codes(e -> Float.floatToRawIntBits(e.mean));
    int[] variance = codes ? expected.codes(e -> e.varianceCode) : expected.codes(e -> Float.floatToRawIntBits(e.variance));
    int[] report = {checksum(mean, codes), checksum(variance, codes), 0, 0};
    for (ScalarAdamW.Element e : expected.elements) {
      report[2] += codes ? Math.abs(FloatFormat.F1_6_9.decode(e.meanCode)) == FloatFormat.F1_6_9.max() ? 1 : 0 : Float.isFinite(e.mean) ? 0 : 1;
      report[3] += codes ? FloatFormat.F0_6_10.decode(e.varianceCode) == FloatFormat.F0_6_10.max() ? 1 : 0 : Float.isFinite(e.variance) ? 0 : 1;
    }
    assertArrayEquals(report, actual.state.report().toInts(), "report of the update");
    Tensor again = actual.state.report();
    again.write(new int[4]);
    again.device().operations(OptimizerOps.class).countMoments(actual.state.mean(), actual.state.variance(), PLACE, again);
    assertArrayEquals(report, again.toInts(), "counted anew");
  }

  private static int checksum(int[] bits, boolean codes) {
    BigInteger sum = BigInteger.ZERO;
    for (int i = 0; i < bits.length; i++) {
      long index = PLACE.index(i);
      long word = codes ? index / 2 : index;
      BigInteger part = BigInteger.valueOf(bits[i]).shiftLeft(codes && index % 2 == 1 ? 16 : 0);
      sum = sum.add(BigInteger.valueOf(2 * word + 1).multiply(part));
    }
    return sum.intValue();
  }

  @ParameterizedTest
  @MethodSource("dev.dalle.precision.testing.Kept#all")
  void aFactorThatIsNotFiniteLeavesEveryBit(Kept kept) {
    for (float factor : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      State expected = State.of(16_384 + 33, false).rounded(kept.valueType());
      try (Scope scope = Device.cpu(2).newScope()) {
        Tensors actual = new Tensors(scope, kept, expected);
        actual.update(kept.in(AdamWConfig.TRANSFORMER), 0.01, factor, 4);
        actual.assertEqual(expected, "factor " + factor);
        assertArrayEquals(new int[] {1, 2, 3, 4}, actual.state.report().toInts());
      }
    }
  }
}
