package dev.dalle.bindings.onednn;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Native memory with a description, read and written as doubles: the test's own idea of layouts and of bf16. */
record Mem(MemoryDesc desc, MemorySegment segment) {
  static Mem of(Arena arena, MemoryDesc desc) {
    return new Mem(desc, arena.allocate(Math.max(1, desc.byteSize()), 64));
  }

  /** Normal numbers, rounded to the element type. */
  static Mem random(Arena arena, MemoryDesc desc, Random random) {
    Mem mem = of(arena, desc);
    double[] values = new double[(int) desc.elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextGaussian();
    }
    mem.set(values);
    return mem;
  }

  static Mem filled(Arena arena, MemoryDesc desc, double value) {
    Mem mem = of(arena, desc);
    double[] values = new double[(int) desc.elementCount()];
    java.util.Arrays.fill(values, value);
    mem.set(values);
    return mem;
  }

  /** Row-major over the logical dimensions, whatever the strides. */
  double[] get() {
    double[] values = new double[(int) desc.elementCount()];
    for (int i = 0; i < values.length; i++) {
      long offset = offset(i) * desc.dtype().byteSize();
      values[i] = switch (desc.dtype()) {
        case F32 -> segment.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset);
        case BF16 -> Float.intBitsToFloat(segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset) << 16);
        case F16 -> Float.float16ToFloat(segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, offset));
        case S32 -> segment.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
        case S8 -> segment.get(ValueLayout.JAVA_BYTE, offset);
        case U8 -> segment.get(ValueLayout.JAVA_BYTE, offset) & 0xff;
      };
    }
    return values;
  }

  void set(double[] values) {
    for (int i = 0; i < values.length; i++) {
      long offset = offset(i) * desc.dtype().byteSize();
      switch (desc.dtype()) {
        case F32 -> segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, offset, (float) values[i]);
        case BF16 -> segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, bf16((float) values[i]));
        case F16 -> segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, offset, Float.floatToFloat16((float) values[i]));
        case S32 -> segment.set(ValueLayout.JAVA_INT_UNALIGNED, offset, (int) values[i]);
        case S8, U8 -> segment.set(ValueLayout.JAVA_BYTE, offset, (byte) (int) values[i]);
      }
    }
  }

  private long offset(int index) {
    long offset = 0;
    long[] strides = desc.strides();
    for (int d = strides.length - 1, rest = index; d >= 0; d--) {
      offset += rest % (int) desc.dim(d) * strides[d];
      rest /= (int) desc.dim(d);
    }
    return offset;
  }

  /** To nearest, ties to even. */
  static short bf16(float x) {
    int bits = Float.floatToRawIntBits(x);
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
