package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.dalle.precision.scale.GradientOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every result, bit for bit, and every count against the definition. */
class CpuGradientOpsTest {
  private static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16};
  private static final double[] FACTORS = {1, 0x1p13, 0x1p-13, 0.37, 3e30, 1e-30};

  static Stream<Device> devices() {
    return Stream.of(Device.cpu(1), Device.cpu(3), OpaqueDevice.open(2));
  }

  private record Result(float[] out, int[] counts) {}

  /** Writes elements to a place that is not aligned to a vector, and scales them. */
  private static Result scale(Device device, DType inType, MemorySegment elements, DType outType, double factor, boolean filter) {
    int count = (int) elements.byteSize() / inType.byteSize();
    try (Scope scope = device.newScope()) {
      Tensor in = scope.allocate(inType, count + 1).slice(1, count + 1);
      device.upload(elements, in);
      Tensor out = scope.allocate(outType, count + 3).slice(3, count + 3);
      Tensor counts = scope.of(new int[] {7, 0, -2}, GradientOps.COUNTS);
      GradientOps ops = device.operations(GradientOps.class);
      if (filter) {
        ops.scaleFinite(in, factor, out, counts);
      } else {
        ops.scaleCounted(in, factor, out, counts);
      }
      return new Result(out.toFloats(), counts.toInts());
    }
  }

  private static void check(Device device, DType inType, MemorySegment elements) {
    for (DType outType : TYPES) {
      for (double factor : FACTORS) {
        for (boolean filter : new boolean[] {true, false}) {
          Result expected = scale(new ReferenceDevice(), inType, elements, outType, factor, filter);
          Result actual = scale(device, inType, elements, outType, factor, filter);
          String what = inType + " to " + outType + ", times " + factor + (filter ? ", filtered" : "");
          for (int i = 0; i < expected.out.length; i++) {
            if (Float.floatToIntBits(expected.out[i]) != Float.floatToIntBits(actual.out[i])) {
              throw new AssertionError(what + ": element " + i + ": expected " + expected.out[i] + ", got " + actual.out[i]);
            }
          }
          assertArrayEquals(expected.counts, actual.counts, what);
        }
      }
    }
  }

  /** Every sign, exponent and upper part of a significand, with lower parts on either side of every rounding to 16 bits. */
  private static float[] everyKindOfFloat() {
    int[] lower = {0, 1, 0x0FFF, 0x1000, 0x1001, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
    float[] values = new float[65_536 * lower.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(i / lower.length << 16 | lower[i % lower.length]);
    }
    return values;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void scalesEveryKindOfFloat(Device device) {
    check(device, DType.F32, MemorySegment.ofArray(everyKindOfFloat()));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void scalesEveryCodeOfSixteenBits(Device device) {
    short[] codes = new short[65_536];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (short) i;
    }
    check(device, DType.BF16, MemorySegment.ofArray(codes));
    check(device, DType.F16, MemorySegment.ofArray(codes));
  }

  /** Numbers of which some overflow and some underflow in every type. */
  private static float[] wild(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i % 17 == 3 ? 0 : i % 101 == 50 ? Float.NaN : (float) (Philox.normal(5, 1, i) * Math.pow(2, 40 * Philox.normal(5, 2, i)));
    }
    return values;
  }

  @ParameterizedTest
  @MethodSource("devices")
  void scalesAwkwardNumbersOfElements(Device device) {
    for (int count : new int[] {0, 1, 13, 207, 2_047, 2_049, 16_385, 100_003}) {
      check(device, DType.F32, MemorySegment.ofArray(wild(count)));
    }
    short[] codes = new short[33_001];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (short) (Philox.uniform(6, 1, i) * 65_536);
    }
    for (int count : new int[] {0, 1, 13, 207, 2_049, 33_001}) {
      check(device, DType.F16, MemorySegment.ofArray(Arrays.copyOf(codes, count)));
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void countsWhatAPersonWould(Device device) {
    float[] values = {1, 0, -0f, 1e-10f, -1e-10f, 1e-8f, 7, Float.NaN, Float.NEGATIVE_INFINITY, 1e38f, 0, 0x1p-140f};
    Result half = scale(device, DType.F32, MemorySegment.ofArray(values), DType.F16, 1e4, true);
    // 7e4 and 1e42 are too large for F16 and F32; 1e-6 is there in F16, as a subnormal number, and 1e-4 is not yet one.
    assertArrayEquals(new int[] {7 + 3, 1, -2 + 1}, half.counts);
    assertArrayEquals(new float[] {1e4f, 0, -0f, 1.0132789611816406E-6f, -1.0132789611816406E-6f, 1.0001659393310547E-4f, Float.POSITIVE_INFINITY, 0, 0, 0, 0, 0},
        half.out);
    Result kept = scale(device, DType.F32, MemorySegment.ofArray(values), DType.F16, 1e4, false);
    assertArrayEquals(half.counts, kept.counts);
    assertArrayEquals(new float[] {Float.POSITIVE_INFINITY, Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY}, Arrays.copyOfRange(kept.out, 6, 10));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void worksInPlace(Device device) {
    float[] values = wild(5_003);
    for (DType type : TYPES) {
      try (Scope scope = device.newScope()) {
        Tensor apart = scope.allocate(type, values.length);
        Tensor place = scope.allocate(type, values.length);
        place.write(values);
        Tensor counts = scope.zeros(DType.I32, Shape.of(GradientOps.COUNTS));
        device.operations(GradientOps.class).scaleFinite(place, 0x1p5, apart, counts);
        device.operations(GradientOps.class).scaleFinite(place, 0x1p5, place, counts);
        assertArrayEquals(apart.toFloats(), place.toFloats());
      }
    }
  }

  private static int[] exponents(Device device, DType type, MemorySegment elements) {
    int count = (int) elements.byteSize() / type.byteSize();
    try (Scope scope = device.newScope()) {
      Tensor in = scope.allocate(type, count + 1).slice(1, count + 1);
      device.upload(elements, in);
      int[] start = new int[GradientOps.BINS];
      Arrays.fill(start, 3);
      Tensor histogram = scope.of(start, GradientOps.BINS);
      device.operations(GradientOps.class).exponents(in, histogram);
      return histogram.toInts();
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void countsExponents(Device device) {
    int[] few = exponents(device, DType.F32, MemorySegment.ofArray(new float[] {1, -1.99f, 2, 0x1p-126f, -0x1p-127f, 0, -0f, Float.NaN, 1 / 0f, Float.MAX_VALUE}));
    int[] expected = new int[GradientOps.BINS];
    Arrays.fill(expected, 3);
    expected[127] += 2;
    expected[128]++;
    expected[1]++;
    expected[0]++;
    expected[GradientOps.ZERO_BIN] += 2;
    expected[GradientOps.NONFINITE_BIN] += 2;
    expected[254]++;
    assertArrayEquals(expected, few);
    ReferenceDevice reference = new ReferenceDevice();
    for (int count : new int[] {0, 1, 13, 2_047, 2_049, 100_003}) {
      MemorySegment floats = MemorySegment.ofArray(wild(count));
      assertArrayEquals(exponents(reference, DType.F32, floats), exponents(device, DType.F32, floats));
      short[] codes = new short[count];
      for (int i = 0; i < count; i++) {
        codes[i] = (short) i;
      }
      for (DType type : List.of(DType.F16, DType.BF16)) {
        assertArrayEquals(exponents(reference, type, MemorySegment.ofArray(codes)), exponents(device, type, MemorySegment.ofArray(codes)), type + " " + count);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void countsAreTakenWholeAndStartAgain(Device device) {
    try (Scope scope = device.newScope()) {
      Tensor counts = scope.of(new int[] {0, 1, 65_535, 65_536, 16_777_217, Integer.MAX_VALUE, -1}, 7);
      Tensor taken = scope.allocate(DType.F32, 14);
      device.operations(GradientOps.class).takeCounts(counts, taken);
      assertArrayEquals(new float[] {0, 0, 0, 1, 0, 65_535, 1, 0, 256, 1, 32_767, 65_535, 65_535, 65_535}, taken.toFloats());
      assertArrayEquals(new int[7], counts.toInts());
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    Device device = Device.cpu(1);
    try (Scope scope = device.newScope()) {
      GradientOps ops = device.operations(GradientOps.class);
      Tensor two = scope.zeros(DType.F32, Shape.of(2));
      Tensor three = scope.zeros(DType.F32, Shape.of(3));
      Tensor counts = scope.zeros(DType.I32, Shape.of(3));
      assertEquals("out: expected 2 elements like in F32[2]@cpu, got F32[3]@cpu",
          assertThrows(ShapeException.class, () -> ops.scaleFinite(two, 1, three, counts)).getMessage());
      assertEquals("in: expected a floating-point tensor, got I32[3]@cpu",
          assertThrows(ShapeException.class, () -> ops.scaleCounted(counts, 1, three, counts)).getMessage());
      assertEquals("counts: expected I32, got F32[3]@cpu", assertThrows(ShapeException.class, () -> ops.scaleFinite(two, 1, two, three)).getMessage());
      assertEquals("histogram: expected 257 elements, got I32[3]@cpu", assertThrows(ShapeException.class, () -> ops.exponents(two, counts)).getMessage());
      assertEquals("out: expected 6 elements, two for each of counts I32[3]@cpu, got F32[3]@cpu",
          assertThrows(ShapeException.class, () -> ops.takeCounts(counts, three)).getMessage());
      for (double factor : new double[] {0, -1, Double.NaN, 1e39, 1e-46}) {
        assertEquals("factor: expected a positive number that 32 bits hold, got " + factor,
            assertThrows(IllegalArgumentException.class, () -> ops.scaleFinite(two, factor, two, counts)).getMessage());
      }
      assertArrayEquals(new int[3], counts.toInts());
    }
  }
}
