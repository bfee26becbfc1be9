package dev.dalle.precision.internal;

import static dev.dalle.precision.internal.Lanes.FLOAT;
import static dev.dalle.precision.internal.Lanes.FLOATS;
import static dev.dalle.precision.internal.Lanes.INTS;
import static dev.dalle.precision.internal.Lanes.ORDER;
import static dev.dalle.precision.internal.Lanes.SHORT;
import static dev.dalle.precision.internal.Lanes.SHORTS;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** {@code average += share * (value - average)} over a range; bits depend neither on the vector length nor on how ranges are cut. */
public final class AverageKernel {
  /** What the exponent of a float has more than that of a F16, in the float's place. */
  private static final int HALF_BIAS = 127 - 15 << 23;

  private AverageKernel() {}

  /**
   * Elements {@code from} to {@code to}.
   *
   * @param value of the given type: F32, F16 or BF16
   * @param average F32
   */
  public static void run(float share, MemorySegment value, DType type, MemorySegment average, long from, long to) {
    long whole = from + FLOATS.loopBound(to - from);
    switch (type) {
      case F32 -> floats(share, value, average, 4 * from, 4 * whole);
      case BF16 -> bfloat16(share, value, average, 2 * from, 2 * whole);
      case F16 -> float16(share, value, average, 2 * from, 2 * whole);
      default -> throw new IllegalStateException("not a floating-point type: " + type);
    }
    for (long i = whole; i < to; i++) {
      float a = average.get(FLOAT, 4 * i);
      average.set(FLOAT, 4 * i, Math.fma(element(value, type, i) - a, share, a));
    }
  }

  private static float element(MemorySegment value, DType type, long i) {
    return switch (type) {
      case BF16 -> Float.intBitsToFloat(value.get(SHORT, 2 * i) << 16);
      case F16 -> Float.float16ToFloat(value.get(SHORT, 2 * i));
      default -> value.get(FLOAT, 4 * i);
    };
  }

  private static void floats(float share, MemorySegment value, MemorySegment average, long from, long to) {
    FloatVector shares = FloatVector.broadcast(FLOATS, share);
    for (long at = from; at < to; at += FLOATS.vectorByteSize()) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, average, at, ORDER);
      FloatVector.fromMemorySegment(FLOATS, value, at, ORDER).sub(a).fma(shares, a).intoMemorySegment(average, at, ORDER);
    }
  }

  private static void bfloat16(float share, MemorySegment value, MemorySegment average, long from, long to) {
    FloatVector shares = FloatVector.broadcast(FLOATS, share);
    for (long at = from; at < to; at += SHORTS.vectorByteSize()) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, average, 2 * at, ORDER);
      IntVector code = (IntVector) ShortVector.fromMemorySegment(SHORTS, value, at, ORDER).convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
      code.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().sub(a).fma(shares, a).intoMemorySegment(average, 2 * at, ORDER);
    }
  }

  private static void float16(float share, MemorySegment value, MemorySegment average, long from, long to) {
    FloatVector shares = FloatVector.broadcast(FLOATS, share);
    for (long at = from; at < to; at += SHORTS.vectorByteSize()) {
      FloatVector a = FloatVector.fromMemorySegment(FLOATS, average, 2 * at, ORDER);
      IntVector code = (IntVector) ShortVector.fromMemorySegment(SHORTS, value, at, ORDER).convertShape(VectorOperators.S2I, INTS, 0);
      // The exponent of infinity and NaN moves twice as far, and subnormal numbers are what is above 2^-14 with one exponent more.
      IntVector wide = code.and(0x7FFF).lanewise(VectorOperators.LSHL, 13);
      IntVector tiny = wide.add(HALF_BIAS + (1 << 23)).reinterpretAsFloats().sub(0x1p-14f).reinterpretAsInts();
      IntVector bits = wide.add(HALF_BIAS).blend(wide.add(2 * HALF_BIAS), wide.compare(VectorOperators.GE, 31 << 23)).blend(tiny, wide.lt(1 << 23))
          .or(code.and(0x8000_0000));
      bits.reinterpretAsFloats().sub(a).fma(shares, a).intoMemorySegment(average, 2 * at, ORDER);
    }
  }
}
