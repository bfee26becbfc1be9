package dev.dalle.attention.internal.cpu;

import static dev.dalle.attention.internal.cpu.TileProduct.LANES;
import static dev.dalle.attention.internal.cpu.TileProduct.SPECIES;

import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Copies one head's numbers between the strided rows of a tensor and dense float rows in the order of a plan's slots. Rows are padded with
 * zeros to whole vectors; slots without a state are zeros.
 */
final class HeadRows {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FloatVector.SPECIES_PREFERRED.vectorBitSize() / 2));
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  private HeadRows() {}

  /** Numbers of a padded row. */
  static int padded(int depth) {
    return (depth + LANES - 1) / LANES * LANES;
  }

  /**
   * {@code to[slot] = factor * from[state of slot]}.
   *
   * @param first element in {@code from} where the row of state 0 begins
   * @param stride elements between the rows of consecutive states
   * @param depth numbers of a row
   */
  static void load(MemorySegment from, DType dtype, long first, long stride, int[] stateOfSlot, int depth, float factor, float[] to) {
    int width = padded(depth);
    for (int slot = 0; slot < stateOfSlot.length; slot++) {
      int at = slot * width;
      long row = first + stride * stateOfSlot[slot];
      if (stateOfSlot[slot] < 0) {
        Arrays.fill(to, at, at + width, 0);
      } else if (dtype == DType.F32) {
        loadFloats(from, 4 * row, depth, factor, to, at, width);
      } else if (dtype == DType.BF16) {
        loadBfloats(from, 2 * row, depth, factor, to, at, width);
      } else {
        loadHalves(from, 2 * row, depth, factor, to, at, width);
      }
    }
  }

  static void loadFloats(MemorySegment from, long offset, int depth, float factor, float[] to, int at, int width) {
    int i = 0;
    for (; i + LANES <= depth; i += LANES) {
      FloatVector.fromMemorySegment(SPECIES, from, offset + 4L * i, ORDER).mul(factor).intoArray(to, at + i);
    }
    for (; i < depth; i++) {
      to[at + i] = factor * from.get(FLOAT, offset + 4L * i);
    }
    for (; i < width; i++) {
      to[at + i] = 0;
    }
  }

  static void loadBfloats(MemorySegment from, long offset, int depth, float factor, float[] to, int at, int width) {
    int i = 0;
    for (; i + LANES <= depth; i += LANES) {
      IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORTS, from, offset + 2L * i, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
      bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().mul(factor).intoArray(to, at + i);
    }
    for (; i < depth; i++) {
      to[at + i] = factor * Float.intBitsToFloat(from.get(SHORT, offset + 2L * i) << 16);
    }
    for (; i < width; i++) {
      to[at + i] = 0;
    }
  }

  /** From F16. The exponent is moved to the other bias; below the normal numbers a difference with a power of two puts the significand in its place. */
  static void loadHalves(MemorySegment from, long offset, int depth, float factor, float[] to, int at, int width) {
    int i = 0;
    for (; i + LANES <= depth; i += LANES) {
      IntVector bits = (IntVector) ShortVector.fromMemorySegment(SHORTS, from, offset + 2L * i, ORDER)
          .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
      IntVector magnitude = bits.and(0x7FFF);
      IntVector moved = magnitude.lanewise(VectorOperators.LSHL, 13);
      IntVector normal = moved.add(112 << 23).blend(moved.or(0x7F800000), magnitude.compare(VectorOperators.GE, 0x7C00));
      IntVector subnormal = moved.add(113 << 23).reinterpretAsFloats().sub(0x1p-14f).reinterpretAsInts();
      IntVector sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
      normal.blend(subnormal, magnitude.compare(VectorOperators.LT, 0x400)).or(sign).reinterpretAsFloats().mul(factor).intoArray(to, at + i);
    }
    for (; i < depth; i++) {
      to[at + i] = factor * Float.float16ToFloat(from.get(SHORT, offset + 2L * i));
    }
    for (; i < width; i++) {
      to[at + i] = 0;
    }
  }

  /** {@code to[state of slot] = factor * from[slot]}, the reverse of {@link #load}; slots without a state are passed over. */
  static void store(float[] from, float factor, int[] stateOfSlot, int depth, MemorySegment to, DType dtype, long first, long stride) {
    int width = padded(depth);
    for (int slot = 0; slot < stateOfSlot.length; slot++) {
      if (stateOfSlot[slot] < 0) {
        continue;
      }
      long row = first + stride * stateOfSlot[slot];
      if (dtype == DType.F32) {
        storeFloats(from, slot * width, depth, factor, to, 4 * row);
      } else if (dtype == DType.BF16) {
        storeBfloats(from, slot * width, depth, factor, to, 2 * row);
      } else {
        storeHalves(from, slot * width, depth, factor, to, 2 * row);
      }
    }
  }

  static void storeFloats(float[] from, int at, int depth, float factor, MemorySegment to, long offset) {
    int i = 0;
    for (; i + LANES <= depth; i += LANES) {
      FloatVector.fromArray(SPECIES, from, at + i).mul(factor).intoMemorySegment(to, offset + 4L * i, ORDER);
    }
    for (; i < depth; i++) {
      to.set(FLOAT, offset + 4L * i, factor * from[at + i]);
    }
  }

  /** Rounds to nearest, ties to even; a NaN stays one. */
  static void storeBfloats(float[] from, int at, int depth, float factor, MemorySegment to, long offset) {
    int i = 0;
    for (; i + LANES <= depth; i += LANES) {
      FloatVector x = FloatVector.fromArray(SPECIES, from, at + i).mul(factor);
      VectorMask<Integer> nan = x.test(VectorOperators.IS_NAN).cast(INTS);
      IntVector bits = x.reinterpretAsInts();
      IntVector lowest = bits.lanewise(VectorOperators.LSHR, 16).and(1);
      IntVector rounded = bits.add(lowest).add(0x7FFF).lanewise(VectorOperators.LSHR, 16).blend(0x7FC0, nan);
      ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(to, offset + 2L * i, ORDER);
    }
    for (; i < depth; i++) {
      to.set(SHORT, offset + 2L * i, bfloat(factor * from[at + i]));
    }
  }

  /** To F16: rounds to nearest, ties to even; what is too great becomes infinite, a NaN stays one. */
  static void storeHalves(float[] from, int at, int depth, float factor, MemorySegment to, long offset) {
    int i = 0;
    for (; i + LANES <= depth; i += LANES) {
      IntVector bits = FloatVector.fromArray(SPECIES, from, at + i).mul(factor).reinterpretAsInts();
      IntVector magnitude = bits.and(0x7FFFFFFF);
      IntVector lowest = magnitude.lanewise(VectorOperators.LSHR, 13).and(1);
      IntVector normal = magnitude.add((-112 << 23) + 0xFFF).add(lowest).lanewise(VectorOperators.LSHR, 13);
      // The sum rounds to a multiple of the smallest number, which then stands in its low bits.
      IntVector subnormal = magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(126 << 23);
      IntVector rounded = normal.blend(subnormal, magnitude.compare(VectorOperators.LT, 113 << 23))
          .blend(0x7C00, magnitude.compare(VectorOperators.GE, 143 << 23));
      IntVector signed = rounded.or(bits.lanewise(VectorOperators.LSHR, 16).and(0x8000)).blend(0x7E00, magnitude.compare(VectorOperators.GT, 0x7F800000));
      ((ShortVector) signed.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(to, offset + 2L * i, ORDER);
    }
    for (; i < depth; i++) {
      to.set(SHORT, offset + 2L * i, half(factor * from[at + i]));
    }
  }

  /** The bits of a number in F16, as {@link #storeHalves} has them. */
  static short half(float x) {
    return Float.isNaN(x) ? 0x7E00 : Float.floatToFloat16(x);
  }

  /** One number of a tensor. */
  static float number(MemorySegment from, DType dtype, long element) {
    return switch (dtype) {
      case F32 -> from.get(FLOAT, 4 * element);
      case BF16 -> Float.intBitsToFloat(from.get(SHORT, 2 * element) << 16);
      default -> Float.float16ToFloat(from.get(SHORT, 2 * element));
    };
  }

  /** The bits of a number in BF16, rounded to nearest, ties to even; a NaN stays one. */
  static short bfloat(float x) {
    int bits = Float.floatToRawIntBits(x);
    return (short) (Float.isNaN(x) ? 0x7FC0 : (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Rows in blocks of as many slots as a vector has lanes, transposed within the block: {@code to[block][d][lane] = from[slot][d]}. */
  static void transpose(float[] from, int slots, int depth, float[] to) {
    int width = padded(depth);
    for (int block = 0; block < slots / LANES; block++) {
      int rowAt = block * LANES * width;
      int blockAt = block * depth * LANES;
      for (int d = 0; d < depth; d++) {
        for (int lane = 0; lane < LANES; lane++) {
          to[blockAt + d * LANES + lane] = from[rowAt + lane * width + d];
        }
      }
    }
  }

  /** Whether all numbers of dense rows are finite. */
  static boolean isFinite(float[] rows, int slots, int depth) {
    int count = slots * padded(depth);
    FloatVector sum = FloatVector.zero(SPECIES);
    // A finite number times zero is zero, anything else NaN.
    for (int i = 0; i < count; i += LANES) {
      sum = sum.add(FloatVector.fromArray(SPECIES, rows, i).mul(0f));
    }
    return !sum.test(VectorOperators.IS_NAN).anyTrue();
  }
}
