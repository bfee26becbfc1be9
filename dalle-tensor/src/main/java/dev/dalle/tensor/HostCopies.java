package dev.dalle.tensor;

import java.lang.foreign.MemorySegment;

/** Copies between Java arrays and tensors, with conversion of the floating-point types on the host. */
final class HostCopies {
  private HostCopies() {}

  static void write(Tensor tensor, float[] values) {
    checkLength(tensor, values.length);
    MemorySegment host = switch (tensor.dtype()) {
      case F32 -> MemorySegment.ofArray(values);
      case BF16 -> {
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
          bits[i] = bfloat16(values[i]);
        }
        yield MemorySegment.ofArray(bits);
      }
      case F16 -> {
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
          bits[i] = Float.floatToFloat16(values[i]);
        }
        yield MemorySegment.ofArray(bits);
      }
      default -> throw new ShapeException("write(float[]): expected a floating-point tensor, got " + tensor);
    };
    tensor.device().upload(host, tensor);
  }

  static void write(Tensor tensor, int[] values) {
    checkLength(tensor, values.length);
    if (tensor.dtype() != DType.I32) {
      throw new ShapeException("write(int[]): expected an I32 tensor, got " + tensor);
    }
    tensor.device().upload(MemorySegment.ofArray(values), tensor);
  }

  static float[] toFloats(Tensor tensor) {
    int count = Math.toIntExact(tensor.elementCount());
    float[] values = new float[count];
    switch (tensor.dtype()) {
      case F32 -> tensor.device().download(tensor, MemorySegment.ofArray(values));
      case BF16, F16 -> {
        short[] bits = new short[count];
        tensor.device().download(tensor, MemorySegment.ofArray(bits));
        for (int i = 0; i < count; i++) {
          values[i] = tensor.dtype() == DType.BF16 ? Float.intBitsToFloat(bits[i] << 16) : Float.float16ToFloat(bits[i]);
        }
      }
      default -> throw new ShapeException("toFloats: expected a floating-point tensor, got " + tensor);
    }
    return values;
  }

  static int[] toInts(Tensor tensor) {
    if (tensor.dtype() != DType.I32) {
      throw new ShapeException("toInts: expected an I32 tensor, got " + tensor);
    }
    int[] values = new int[Math.toIntExact(tensor.elementCount())];
    tensor.device().download(tensor, MemorySegment.ofArray(values));
    return values;
  }

  /** Round to nearest, ties to even; NaN stays NaN whatever its payload. */
  static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  private static void checkLength(Tensor tensor, int length) {
    if (tensor.elementCount() != length) {
      throw new ShapeException("write: expected " + tensor.elementCount() + " values for " + tensor + ", got " + length);
    }
  }
}
