package dev.dalle.bench;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Packing, unpacking and copying on both sides, of normal numbers. Every result is compared, bit by bit, with the format's definition before it is returned:
 * libtorch has but four of the formats, and rounds them in the same way.
 */
final class PackForms {
  /** Numbers are drawn for so many elements, then repeated: the time does not depend on them, only that of getting ready does. */
  private static final int BLOCK = 1 << 16;

  private PackForms() {}

  /** Our device's copy of F32, a part for each of its threads. */
  static Formulation copy(int elements) {
    float[] block = block(elements);
    Scope scope = Ours.device().newScope();
    Tensor in = Ours.of(scope, DType.F32, repeated(block, elements), elements);
    Tensor out = scope.allocate(DType.F32, elements);
    return checked(ours(scope, () -> Ours.device().ops().copy(in, out), out::toFloats), repeated(block, elements));
  }

  /** Our device's product of F32 and 1: as many bytes as a copy, but by vectors that are loaded and stored. */
  static Formulation scale(int elements) {
    float[] block = block(elements);
    Scope scope = Ours.device().newScope();
    Tensor in = Ours.of(scope, DType.F32, repeated(block, elements), elements);
    Tensor out = scope.allocate(DType.F32, elements);
    return checked(ours(scope, () -> Ours.device().ops().scale(in, 1, out), out::toFloats), repeated(block, elements));
  }

  /** F32 to codes. */
  static Formulation encode(FloatFormat format, int elements) {
    float[] block = block(elements);
    Scope scope = Ours.device().newScope();
    Tensor in = Ours.of(scope, DType.F32, repeated(block, elements), elements);
    Tensor codes = scope.allocate(FormatOps.codeType(format), elements);
    FormatOps ops = Ours.device().operations(FormatOps.class);
    return checked(ours(scope, () -> ops.encode(in, format, codes), () -> decoded(format, codes.toInts())), repeated(rounded(format, block), elements));
  }

  /** Codes to F32. */
  static Formulation decode(FloatFormat format, int elements) {
    float[] block = block(elements);
    Scope scope = Ours.device().newScope();
    Tensor codes = scope.allocate(FormatOps.codeType(format), elements);
    codes.write(repeated(encoded(format, block), elements));
    Tensor out = scope.allocate(DType.F32, elements);
    FormatOps ops = Ours.device().operations(FormatOps.class);
    return checked(ours(scope, () -> ops.decode(codes, format, out), out::toFloats), repeated(rounded(format, block), elements));
  }

  /** libtorch's copy of F32. */
  static Formulation libtorchCopy(int elements) {
    float[] block = block(elements);
    return libtorch(block, ScalarType.Float, ScalarType.Float, block, elements);
  }

  /** libtorch's conversion of F32. */
  static Formulation libtorchEncode(FloatFormat format, int elements) {
    float[] block = block(elements);
    return libtorch(block, ScalarType.Float, type(format), rounded(format, block), elements);
  }

  /** libtorch's conversion to F32. */
  static Formulation libtorchDecode(FloatFormat format, int elements) {
    float[] block = block(elements);
    return libtorch(block, type(format), ScalarType.Float, rounded(format, block), elements);
  }

  private static ScalarType type(FloatFormat format) {
    return switch (format.name()) {
      case "fp16" -> ScalarType.Half;
      case "bf16" -> ScalarType.BFloat16;
      case "e4m3" -> ScalarType.Float8_e4m3fn;
      case "e5m2" -> ScalarType.Float8_e5m2;
      default -> throw new IllegalArgumentException("format: expected one that libtorch has, got " + format.name());
    };
  }

  /** Into memory that exists, which is faster than {@code to}: that takes and writes new memory at every call. */
  private static Formulation libtorch(float[] block, ScalarType inType, ScalarType outType, float[] expected, int elements) {
    Torch.prepare();
    org.bytedeco.pytorch.Tensor in = Torch.of(DType.F32, repeated(block, elements), elements).to(inType);
    org.bytedeco.pytorch.Tensor out = torch.zeros_like(in).to(outType);
    return checked(Torch.into(() -> out.copy_(in), out), repeated(expected, elements));
  }

  private static Formulation ours(Scope scope, Runnable body, Supplier<float[]> output) {
    return new Formulation() {
      @Override
      public void run() {
        body.run();
        Ours.device().synchronize();
      }

      @Override
      public List<float[]> results() {
        run();
        return List.of(output.get());
      }

      @Override
      public void close() {
        scope.close();
      }
    };
  }

  private static Formulation checked(Formulation formulation, float[] expected) {
    try {
      Agreement.check(formulation.results(), List.of(expected), 0);
      return formulation;
    } catch (Throwable t) {
      formulation.close();
      throw t;
    }
  }

  private static float[] block(int elements) {
    return Inputs.normal(0, 1, Math.min(elements, BLOCK));
  }

  private static int[] encoded(FloatFormat format, float[] values) {
    int[] codes = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      codes[i] = format.encode(values[i]);
    }
    return codes;
  }

  private static float[] decoded(FloatFormat format, int[] codes) {
    float[] values = new float[codes.length];
    for (int i = 0; i < codes.length; i++) {
      values[i] = format.decode(codes[i]);
    }
    return values;
  }

  private static float[] rounded(FloatFormat format, float[] values) {
    return decoded(format, encoded(format, values));
  }

  private static float[] repeated(float[] block, int elements) {
    float[] values = new float[elements];
    for (int i = 0; i < elements; i += block.length) {
      System.arraycopy(block, 0, values, i, Math.min(block.length, elements - i));
    }
    return values;
  }

  private static int[] repeated(int[] block, int elements) {
    int[] values = new int[elements];
    for (int i = 0; i < elements; i += block.length) {
      System.arraycopy(block, 0, values, i, Math.min(block.length, elements - i));
    }
    return values;
  }
}
