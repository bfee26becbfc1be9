package dev.dalle.precision.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.precision.format.Rounding;
import dev.dalle.precision.format.Specials;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.ShapeException;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.testing.OpaqueDevice;
import dev.dalle.tensor.testing.ReferenceDevice;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Packing and unpacking on every device against the format's definition, bit by bit. */
class CpuFormatOpsTest {
  private static final List<Device> DEVICES = List.of(new ReferenceDevice(), Device.cpu(1), Device.cpu(3), OpaqueDevice.open(2));

  /** The known ones, and at least one of every loop with each rounding, sign, kind of special codes and saturation. */
  static Stream<FloatFormat> formats() {
    Stream<FloatFormat> own = Stream.of(
        new FloatFormat("ties away", true, 5, 8, 15, Specials.IEEE, false, Rounding.NEAREST_AWAY),
        new FloatFormat("no sign", false, 6, 10, 40, Specials.IEEE, true, Rounding.NEAREST_EVEN),
        new FloatFormat("no sign, one NaN", false, 4, 4, 7, Specials.NAN_ONLY, false, Rounding.NEAREST_EVEN),
        new FloatFormat("below", true, 6, 8, 140, Specials.IEEE, false, Rounding.NEAREST_EVEN),
        new FloatFormat("lowest", false, 3, 13, 136, Specials.NAN_ONLY, true, Rounding.NEAREST_AWAY),
        new FloatFormat("all exponents", true, 8, 7, 128, Specials.NAN_ONLY, false, Rounding.NEAREST_EVEN),
        new FloatFormat("up to floats", true, 7, 8, 0, Specials.NONE, false, Rounding.NEAREST_EVEN),
        new FloatFormat("as floats", true, 8, 4, 127, Specials.IEEE, true, Rounding.NEAREST_AWAY),
        new FloatFormat("large", true, 3, 2, -118, Specials.IEEE, true, Rounding.NEAREST_EVEN),
        new FloatFormat("least", false, 2, 1, 0, Specials.NONE, true, Rounding.NEAREST_EVEN));
    return Stream.concat(FloatFormat.known().stream(), own);
  }

  /** Numbers with a chance of going wrong. */
  private static float[] probes(FloatFormat format) {
    float[] values = new float[10 * format.codeCount() + 256 * 2 * 12 + 10_000];
    int count = 0;
    for (int code = 0; code < format.codeCount(); code++) {
      float value = format.decode(code);
      double next = format.decode(code + 1 == format.codeCount() ? code : code + 1);
      float middle = (float) (value + (next - value) / 2);
      for (float near : new float[] {value, middle}) {
        values[count++] = near;
        values[count++] = Math.nextUp(near);
        values[count++] = Math.nextDown(near);
        values[count++] = Math.nextUp(Math.nextUp(near));
        values[count++] = -near;
      }
    }
    for (int top = 0; top < 512; top++) {
      for (int low : new int[] {0, 1, 2, 0x3FFFFF, 0x400000, 0x400001, 0x7FFFFE, 0x7FFFFF, 0x001000, 0x000FFF, 0x5A5A5A, 0x2BCDEF}) {
        values[count++] = Float.intBitsToFloat(top << 23 | low);
      }
    }
    Random random = new Random(11);
    while (count < values.length) {
      // Subnormal floats of every length.
      values[count++] = Float.intBitsToFloat(random.nextInt(1 << 23) >> random.nextInt(23) | random.nextInt(2) << 31);
    }
    return values;
  }

  private static Tensor tensor(Scope scope, DType dtype, int count) {
    // One element in front: kernels must cope with tensors that are not aligned to vectors.
    return scope.allocate(dtype, count + 1).slice(1, count + 1);
  }

  private static int[] encode(Device device, FloatFormat format, float[] values) {
    try (Scope scope = device.newScope()) {
      Tensor in = tensor(scope, DType.F32, values.length);
      Tensor codes = tensor(scope, FormatOps.codeType(format), values.length);
      in.write(values);
      device.operations(FormatOps.class).encode(in, format, codes);
      return codes.toInts();
    }
  }

  private static float[] decode(Device device, FloatFormat format, int[] codes, DType dtype) {
    try (Scope scope = device.newScope()) {
      Tensor in = tensor(scope, FormatOps.codeType(format), codes.length);
      Tensor out = tensor(scope, dtype, codes.length);
      in.write(codes);
      device.operations(FormatOps.class).decode(in, format, out);
      return out.toFloats();
    }
  }

  private static void check(FloatFormat format, float[] values) {
    int[] expected = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      expected[i] = format.encode(values[i]);
    }
    for (Device device : DEVICES) {
      int[] actual = encode(device, format, values);
      for (int i = 0; i < values.length; i++) {
        if (expected[i] != actual[i]) {
          fail(format + " on " + device.name() + ": " + values[i] + " (" + Float.toHexString(values[i]) + ", "
              + Integer.toHexString(Float.floatToRawIntBits(values[i])) + "): expected " + Integer.toHexString(expected[i]) + ", got "
              + Integer.toHexString(actual[i]));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyKindOfNumberIsEncodedAsDefined(FloatFormat format) {
    check(format, probes(format));
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aMillionRandomBitPatternsAreEncodedAsDefined(FloatFormat format) {
    Random random = new Random(7);
    float[] values = new float[1_000_003];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }
    check(format, values);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyCodeIsDecodedAsDefined(FloatFormat format) {
    int[] codes = IntStream.range(0, format.codeCount()).toArray();
    for (Device device : DEVICES) {
      float[] actual = decode(device, format, codes, DType.F32);
      for (int code : codes) {
        float expected = format.decode(code);
        if (Float.floatToRawIntBits(expected) != Float.floatToRawIntBits(actual[code])) {
          fail(format + " on " + device.name() + ": code " + Integer.toHexString(code) + ": expected " + expected + ", got " + actual[code] + " ("
              + Integer.toHexString(Float.floatToRawIntBits(actual[code])) + ")");
        }
      }
    }
  }

  private static FloatFormat randomFormat(Random random) {
    while (true) {
      boolean signed = random.nextBoolean();
      int exponentBits = 2 + random.nextInt(7);
      int significandBits = 1 + random.nextInt(13);
      int bias = random.nextInt(290) - 130;
      Specials specials = Specials.values()[random.nextInt(3)];
      Rounding rounding = Rounding.values()[random.nextInt(2)];
      try {
        return new FloatFormat("random", signed, exponentBits, significandBits, bias, specials, random.nextBoolean(), rounding);
      } catch (IllegalArgumentException impossible) {
        // Too many bits, or numbers that no float is.
      }
    }
  }

  /** Formats that nobody thought of: codes, the middles between them and what lies beside, and random numbers near the format's range. */
  @Test
  void anyFormatThatCanBeMadeWorks() {
    Random random = new Random(23);
    Device device = Device.cpu(2);
    Set<CodeNumbers.Encoding> encodings = EnumSet.noneOf(CodeNumbers.Encoding.class);
    Set<CodeNumbers.Decoding> decodings = EnumSet.noneOf(CodeNumbers.Decoding.class);
    for (int round = 0; round < 400; round++) {
      FloatFormat format = randomFormat(random);
      CodeNumbers numbers = CodeNumbers.of(format);
      encodings.add(numbers.encoding());
      decodings.add(numbers.decoding());
      int[] codes = random.ints(1_000, 0, format.codeCount()).toArray();
      float[] decoded = decode(device, format, codes, DType.F32);
      float[] values = new float[4 * codes.length];
      for (int i = 0; i < codes.length; i++) {
        float expected = format.decode(codes[i]);
        assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(decoded[i]),
            () -> "decoded by " + numbers + ", " + expected);
        float middle = (float) (((double) expected + format.decode(Math.max(0, codes[i] - 1))) / 2);
        values[4 * i] = expected;
        values[4 * i + 1] = middle;
        values[4 * i + 2] = random.nextBoolean() ? Math.nextUp(middle) : Math.nextDown(middle);
        values[4 * i + 3] = (float) (expected * (1 + random.nextGaussian()));
      }
      int[] encoded = encode(device, format, values);
      for (int i = 0; i < values.length; i++) {
        float value = values[i];
        assertEquals(format.encode(value), encoded[i], () -> "encoded by " + numbers + ", " + Float.toHexString(value));
      }
    }
    assertEquals(EnumSet.allOf(CodeNumbers.Encoding.class), encodings, "every loop was run");
    assertEquals(EnumSet.allOf(CodeNumbers.Decoding.class), decodings, "every loop was run");
  }

  /** Elements before and behind a slice are nobody's business. */
  @ParameterizedTest
  @MethodSource("formats")
  void awkwardSizesAndSlicesTouchNothingElse(FloatFormat format) {
    Random random = new Random(5);
    for (Device device : DEVICES) {
      for (int size : new int[] {0, 1, 13, 207, 2_047, 2_049, 40_001}) {
        try (Scope scope = device.newScope()) {
          float[] values = new float[size];
          for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
          }
          int[] expected = new int[size];
          Arrays.setAll(expected, i -> format.encode(values[i]));
          Tensor in = scope.allocate(DType.F32, size + 5).slice(3, size + 3);
          in.write(values);
          Tensor allCodes = scope.allocate(FormatOps.codeType(format), size + 5);
          int[] before = random.ints(size + 5, 0, 256).toArray();
          allCodes.write(before);
          Tensor codes = allCodes.slice(3, size + 3);
          device.operations(FormatOps.class).encode(in, format, codes);
          System.arraycopy(expected, 0, before, 3, size);
          assertArrayEquals(before, allCodes.toInts(), () -> format + " " + size + " on " + device.name());

          Tensor allOut = scope.allocate(DType.F32, size + 5);
          float[] around = new float[size + 5];
          Arrays.fill(around, -7);
          allOut.write(around);
          device.operations(FormatOps.class).decode(codes, format, allOut.slice(1, size + 1));
          for (int i = 0; i < size; i++) {
            around[i + 1] = format.decode(expected[i]);
          }
          assertArrayEquals(around, allOut.toFloats(), () -> format + " " + size + " on " + device.name());
        }
      }
    }
  }

  /** F16 and BF16 to codes is exact on its way in, and rounded once on its way out. */
  @ParameterizedTest
  @MethodSource("formats")
  void otherTypesAreTakenAndGiven(FloatFormat format) {
    int[] codes = IntStream.range(0, format.codeCount()).toArray();
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      FloatFormat other = dtype == DType.F16 ? FloatFormat.FP16 : FloatFormat.BF16;
      for (Device device : DEVICES) {
        float[] decoded = decode(device, format, codes, dtype);
        for (int code : codes) {
          assertEquals(other.decode(other.encode(format.decode(code))), decoded[code], () -> format + " " + code + " to " + dtype);
        }
        try (Scope scope = device.newScope()) {
          Tensor in = tensor(scope, dtype, 1 << 16);
          float[] all = new float[1 << 16];
          for (int i = 0; i < all.length; i++) {
            all[i] = other.decode(i);
          }
          in.write(all);
          Tensor out = tensor(scope, FormatOps.codeType(format), 1 << 16);
          device.operations(FormatOps.class).encode(in, format, out);
          int[] encoded = out.toInts();
          for (int i = 0; i < all.length; i++) {
            float value = all[i];
            assertEquals(format.encode(value), encoded[i], () -> dtype + " " + value + " to " + format);
          }
        }
      }
    }
  }

  @Test
  void bitsAboveAFormatsAreIgnored() {
    for (FloatFormat format : List.of(new FloatFormat("narrow", true, 3, 2, 3, Specials.IEEE, false, Rounding.NEAREST_EVEN),
        new FloatFormat("middling", true, 5, 6, 15, Specials.NONE, false, Rounding.NEAREST_EVEN))) {
      int[] codes = IntStream.range(0, format.bits() <= 8 ? 256 : 65_536).toArray();
      for (Device device : DEVICES) {
        float[] decoded = decode(device, format, codes, DType.F32);
        for (int code : codes) {
          assertEquals(format.decode(code & format.codeCount() - 1), decoded[code]);
        }
      }
    }
  }

  @Test
  void whatDoesNotFitIsRefusedInTheSameWords() {
    for (Device device : DEVICES) {
      FormatOps ops = device.operations(FormatOps.class);
      try (Scope scope = device.newScope(); Scope elsewhere = new ReferenceDevice().newScope()) {
        Tensor floats = scope.of(new float[] {1, 2, 3}, 3);
        Tensor codes = scope.allocate(DType.U16, 3);
        codes.write(new int[] {7, 8, 9});
        refused("in: expected a floating-point tensor, got U16[3]@" + device.name(), () -> ops.encode(codes, FloatFormat.F1_6_9, codes));
        refused("codes: expected U16 for the 16 bits of 1-6-9, got F32[3]@" + device.name(), () -> ops.encode(floats, FloatFormat.F1_6_9, floats));
        refused("codes: expected U8 for the 8 bits of e4m3, got U16[3]@" + device.name(), () -> ops.encode(floats, FloatFormat.E4M3, codes));
        refused("codes: expected U8 for the 8 bits of e5m2, got U16[3]@" + device.name(), () -> ops.decode(codes, FloatFormat.E5M2, floats));
        refused("codes: expected 2 elements like in F32[2]@" + device.name() + ", got U16[3]@" + device.name(),
            () -> ops.encode(floats.slice(0, 2), FloatFormat.FP16, codes));
        refused("out: expected 3 elements like codes U16[3]@" + device.name() + ", got F32[2]@" + device.name(),
            () -> ops.decode(codes, FloatFormat.FP16, floats.slice(0, 2)));
        refused("out: expected a floating-point tensor, got U16[3]@" + device.name(), () -> ops.decode(codes, FloatFormat.FP16, codes));
        refused("in: expected a tensor on " + device.name() + ", got F32[3]@reference; copy it over first",
            () -> ops.encode(elsewhere.of(new float[3], 3), FloatFormat.FP16, codes));
        assertThrows(NullPointerException.class, () -> ops.encode(floats, null, codes));
        assertArrayEquals(new int[] {7, 8, 9}, codes.toInts(), "nothing was written");
        assertArrayEquals(new float[] {1, 2, 3}, floats.toFloats(), "nothing was written");
      }
    }
  }

  private static void refused(String message, Runnable call) {
    assertEquals(message, assertThrows(ShapeException.class, call::run).getMessage());
  }

  @Test
  void theFormatsInUseHaveTheFastLoops() {
    assertEquals("1-6-9 ALIGNED_AWAY ALIGNED, 0-6-10 ALIGNED_AWAY ALIGNED, fp16 SUBNORMAL_EVEN SUBNORMAL, bf16 ALIGNED_EVEN ALIGNED, "
        + "e4m3 SUBNORMAL_EVEN SUBNORMAL, e5m2 SUBNORMAL_EVEN SUBNORMAL", FloatFormat.known().stream().map(CodeNumbers::of)
            .map(numbers -> numbers.format().name() + " " + numbers.encoding() + " " + numbers.decoding()).collect(Collectors.joining(", ")));
  }
}
