package dev.dalle.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

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
    MemorySegment host = switch (tensor.dtype()) {
      case I32 -> MemorySegment.ofArray(values);
      case U16 -> {
        short[] codes = new short[values.length];
        for (int i = 0; i < codes.length; i++) {
          codes[i] = (short) unsigned(tensor, values, i, 0xFFFF);
        }
        yield MemorySegment.ofArray(codes);
      }
      case U8 -> {
        byte[] codes = new byte[values.length];
        for (int i = 0; i < codes.length; i++) {
          codes[i] = (byte) unsigned(tensor, values, i, 0xFF);
        }
        yield MemorySegment.ofArray(codes);
      }
      default -> throw new ShapeException("write(int[]): expected a tensor of I32, U16 or U8, got " + tensor);
    };
    tensor.device().upload(host, tensor);
  }

  private static int unsigned(Tensor tensor, int[] values, int index, int greatest) {
    int value = values[index];
    if (value < 0 || value > greatest) {
      throw new IllegalArgumentException("write: value " + index + " for " + tensor + ": expected 0 to " + greatest + ", got " + value);
    }
    return value;
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
    int count = Math.toIntExact(tensor.elementCount());
    int[] values = new int[count];
    switch (tensor.dtype()) {
      case I32 -> tensor.device().download(tensor, MemorySegment.ofArray(values));
      case U16 -> {
        short[] codes = new short[count];
        tensor.device().download(tensor, MemorySegment.ofArray(codes));
        Arrays.setAll(values, i -> codes[i] & 0xFFFF);
      }
      case U8 -> {
        byte[] codes = new byte[count];
        tensor.device().download(tensor, MemorySegment.ofArray(codes));
        Arrays.setAll(values, i -> codes[i] & 0xFF);
      }
      default -> throw new ShapeException("toInts: expected a tensor of I32, U16 or U8, got " + tensor);
    }
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
