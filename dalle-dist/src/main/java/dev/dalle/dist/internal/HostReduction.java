package dev.dalle.dist.internal;

import dev.dalle.dist.Reduction;
import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.HostCodes;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * Reduces what several ranks have of an array, in the host's memory: in tiles that stay in the first-level cache, the ranks in order, rounded once. Whoever moves
 * the bytes, the sums are these. One thread at a time; make one a thread and keep it.
 */
public final class HostReduction {
  private static final int TILE = 2048;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final float[] sum = new float[TILE];
  private final float[] part = new float[TILE];
  private final short[] halves = new short[TILE];
  private final MemorySegment total = Arena.ofAuto().allocate(4L * TILE, 64);
  private final MemorySegment floats = Arena.ofAuto().allocate(4L * TILE, 64);
  private Optional<HostCodes> codes = Optional.empty();

  /** Nothing kept but scratch memory. */
  public HostReduction() {}

  /**
   * Elements {@code from} to {@code to} of every output become the reduction of those of all inputs.
   *
   * @param format of the elements, if they are codes
   * @param inputs one a rank, in order; an output may be one of them
   * @param outputs all get the same
   */
  public void reduce(DType dtype, Optional<FloatFormat> format, Reduction reduction, MemorySegment[] inputs, MemorySegment[] outputs, long from, long to) {
    for (long at = from; at < to; at += TILE) {
      int count = (int) Math.min(TILE, to - at);
      if (format.isPresent()) {
        codes(codes(format.get()), reduction, inputs, outputs[0], at, count);
        tell(dtype, outputs, at, count);
      } else if (dtype.isFloating()) {
        floating(dtype, reduction, inputs, at, count);
        store(dtype, outputs[0], at, count);
        tell(dtype, outputs, at, count);
      } else {
        integers(dtype, reduction, inputs, outputs, at, count);
      }
    }
  }

  /** What is rounded once is copied, not rounded again. */
  private static void tell(DType dtype, MemorySegment[] outputs, long at, int count) {
    for (int i = 1; i < outputs.length; i++) {
      MemorySegment.copy(outputs[0], dtype.byteSize() * at, outputs[i], dtype.byteSize() * at, (long) dtype.byteSize() * count);
    }
  }

  private void codes(HostCodes tiles, Reduction reduction, MemorySegment[] inputs, MemorySegment output, long at, int count) {
    tiles.decode(inputs[0], at, total, count);
    for (int rank = 1; rank < inputs.length; rank++) {
      tiles.decode(inputs[rank], at, floats, count);
      FloatTiles.add(total, floats, total, count);
    }
    if (reduction == Reduction.AVERAGE) {
      FloatTiles.divide(total, inputs.length, count);
    }
    tiles.encode(total, output, at, count);
  }

  private void floating(DType dtype, Reduction reduction, MemorySegment[] inputs, long at, int count) {
    if (dtype == DType.F32 && reduction != Reduction.MAXIMUM && inputs.length > 1) {
      FloatTiles.add(tile(inputs[0], at, count), tile(inputs[1], at, count), total, count);
      for (int rank = 2; rank < inputs.length; rank++) {
        FloatTiles.add(total, tile(inputs[rank], at, count), total, count);
      }
      if (reduction == Reduction.AVERAGE) {
        FloatTiles.divide(total, inputs.length, count);
      }
      return;
    }
    load(dtype, inputs[0], at, count, sum);
    for (int rank = 1; rank < inputs.length; rank++) {
      load(dtype, inputs[rank], at, count, part);
      if (reduction == Reduction.MAXIMUM) {
        maximum(count);
      } else {
        add(count);
      }
    }
    MemorySegment.copy(sum, 0, total, FLOAT, 0, count);
    if (reduction == Reduction.AVERAGE) {
      FloatTiles.divide(total, inputs.length, count);
    }
  }

  private static MemorySegment tile(MemorySegment memory, long at, int count) {
    return memory.asSlice(4 * at, 4L * count);
  }

  private void add(int count) {
    for (int i = 0; i < count; i++) {
      sum[i] += part[i];
    }
  }

  private void maximum(int count) {
    for (int i = 0; i < count; i++) {
      sum[i] = Math.max(sum[i], part[i]);
    }
  }

  private HostCodes codes(FloatFormat format) {
    if (codes.isEmpty() || !codes.get().format().equals(format)) {
      codes = Optional.of(new HostCodes(format));
    }
    return codes.get();
  }

  private void load(DType dtype, MemorySegment in, long at, int count, float[] out) {
    if (dtype == DType.F32) {
      MemorySegment.copy(in, FLOAT, 4 * at, out, 0, count);
    } else {
      MemorySegment.copy(in, SHORT, 2 * at, halves, 0, count);
      if (dtype == DType.F16) {
        fromHalves(count, out);
      } else {
        fromBfloats(count, out);
      }
    }
  }

  private void fromHalves(int count, float[] out) {
    for (int i = 0; i < count; i++) {
      out[i] = Float.float16ToFloat(halves[i]);
    }
  }

  private void fromBfloats(int count, float[] out) {
    for (int i = 0; i < count; i++) {
      out[i] = Float.intBitsToFloat(halves[i] << 16);
    }
  }

  private void store(DType dtype, MemorySegment out, long at, int count) {
    if (dtype == DType.F32) {
      MemorySegment.copy(total, 0, out, 4 * at, 4L * count);
      return;
    }
    MemorySegment.copy(total, FLOAT, 0, sum, 0, count);
    if (dtype == DType.F16) {
      toHalves(count);
    } else {
      toBfloats(count);
    }
    MemorySegment.copy(halves, 0, out, SHORT, 2 * at, count);
  }

  private void toHalves(int count) {
    for (int i = 0; i < count; i++) {
      halves[i] = Float.floatToFloat16(sum[i]);
    }
  }

  private void toBfloats(int count) {
    for (int i = 0; i < count; i++) {
      int bits = Float.floatToRawIntBits(sum[i]);
      // Ties to even; a NaN keeps its sign and upper bits and stays one.
      int rounded = bits + 0x7FFF + (bits >>> 16 & 1);
      halves[i] = (short) ((bits & 0x7FFF_FFFF) > 0x7F80_0000 ? bits >>> 16 | 0x40 : rounded >>> 16);
    }
  }

  private static void integers(DType dtype, Reduction reduction, MemorySegment[] inputs, MemorySegment[] outputs, long at, int count) {
    for (long i = at; i < at + count; i++) {
      long result = integer(dtype, inputs[0], i);
      for (int rank = 1; rank < inputs.length; rank++) {
        long next = integer(dtype, inputs[rank], i);
        result = reduction == Reduction.MAXIMUM ? Math.max(result, next) : result + next;
      }
      for (MemorySegment output : outputs) {
        setInteger(dtype, output, i, result);
      }
    }
  }

  private static long integer(DType dtype, MemorySegment memory, long i) {
    return switch (dtype) {
      case I32 -> memory.get(INT, 4 * i);
      case I64 -> memory.get(LONG, 8 * i);
      case U8 -> memory.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
      case U16 -> memory.get(SHORT, 2 * i) & 0xFFFF;
      case F32, F16, BF16 -> throw new IllegalArgumentException("dtype: expected an integer type, got " + dtype);
    };
  }

  private static void setInteger(DType dtype, MemorySegment memory, long i, long value) {
    switch (dtype) {
      case I32 -> memory.set(INT, 4 * i, (int) value);
      case I64 -> memory.set(LONG, 8 * i, value);
      case U8 -> memory.set(ValueLayout.JAVA_BYTE, i, (byte) value);
      case U16 -> memory.set(SHORT, 2 * i, (short) value);
      case F32, F16, BF16 -> throw new IllegalArgumentException("dtype: expected an integer type, got " + dtype);
    }
  }
}
