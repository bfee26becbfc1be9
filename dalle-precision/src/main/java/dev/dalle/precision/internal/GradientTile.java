package dev.dalle.precision.internal;

import dev.dalle.precision.scale.GradientOps;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One thread's part of an operation on gradients, and the memory for it. Kernels work on whole vectors of F32: what is left of a vector is done in a copy that is
 * filled up with zeros, which count as nothing, and 16-bit elements are widened into a tile first.
 */
final class GradientTile {
  /** Elements of a tile; a multiple of every vector's length. */
  static final int LENGTH = 2048;
  /** Histograms that are filled in turn, so that equal exponents one after the other do not wait for each other. */
  private static final int TABLES = 4;

  private final MemorySegment narrow = Arena.ofAuto().allocate(2L * ScaleKernel.LANES, 64);
  private final MemorySegment wide = Arena.ofAuto().allocate(4L * LENGTH, 64);
  private final MemorySegment result = Arena.ofAuto().allocate(4L * ScaleKernel.LANES, 64);
  private final MemorySegment zeros = Arena.ofAuto().allocate(4L * ScaleKernel.LANES, 64);
  private final int[] bins = new int[LENGTH];
  private final int[] tables = new int[TABLES * GradientOps.BINS];
  private final long[] counts = new long[GradientOps.COUNTS];

  /** Forgets what was counted. */
  void clear() {
    java.util.Arrays.fill(counts, 0);
    java.util.Arrays.fill(tables, 0);
  }

  /** What all threads counted, at a place among the counts. */
  static long count(GradientTile[] tiles, int place) {
    long sum = 0;
    for (GradientTile tile : tiles) {
      sum += tile.counts[place];
    }
    return sum;
  }

  /** What all threads counted in a bin. */
  static long binned(GradientTile[] tiles, int bin) {
    long sum = 0;
    for (GradientTile tile : tiles) {
      for (int table = 0; table < TABLES; table++) {
        sum += tile.tables[table * GradientOps.BINS + bin];
      }
    }
    return sum;
  }

  /** Elements {@code from} to {@code to}; {@code kept} as in {@link ScaleKernel}. */
  void scale(MemorySegment in, DType inType, float factor, int kept, MemorySegment out, DType outType, long from, long to) {
    for (long at = from; at < to; at += LENGTH) {
      int count = (int) Math.min(LENGTH, to - at);
      int whole = count - count % ScaleKernel.LANES;
      if (inType == DType.F32) {
        scale(in, 4 * at, factor, kept, out, outType, at, whole);
      } else {
        widen(in, inType, at, whole);
        scale(wide, 0, factor, kept, out, outType, at, whole);
      }
      if (whole < count) {
        widenRest(in, inType, at + whole, count - whole);
        scale(wide, 0, factor, kept, result, outType, 0, ScaleKernel.LANES);
        MemorySegment.copy(result, 0, out, (at + whole) * outType.byteSize(), (long) (count - whole) * outType.byteSize());
      }
    }
  }

  private void scale(MemorySegment in, long inAt, float factor, int kept, MemorySegment out, DType outType, long first, int count) {
    switch (outType) {
      case F32 -> ScaleKernel.toFloat(in, inAt, out, 4 * first, count, factor, kept, counts);
      case BF16 -> ScaleKernel.toBfloat16(in, inAt, out, 2 * first, count, factor, kept, counts);
      case F16 -> ScaleKernel.toHalf(in, inAt, out, 2 * first, count, factor, kept, counts);
      default -> throw new IllegalStateException("not a floating-point type: " + outType);
    }
  }

  /** Elements {@code from} to {@code to}. */
  void exponents(MemorySegment in, DType inType, long from, long to) {
    for (long at = from; at < to; at += LENGTH) {
      int count = (int) Math.min(LENGTH, to - at);
      int whole = count - count % ScaleKernel.LANES;
      if (inType == DType.F32) {
        ScaleKernel.bins(in, 4 * at, whole, bins);
      } else {
        widen(in, inType, at, whole);
        ScaleKernel.bins(wide, 0, whole, bins);
      }
      tally(bins, whole, tables);
      if (whole < count) {
        widenRest(in, inType, at + whole, count - whole);
        ScaleKernel.bins(wide, 0, ScaleKernel.LANES, bins);
        tally(bins, count - whole, tables);
      }
    }
  }

  private static void tally(int[] bins, int count, int[] tables) {
    for (int i = 0; i < count; i++) {
      tables[(i & TABLES - 1) * GradientOps.BINS + bins[i]]++;
    }
  }

  private void widen(MemorySegment in, DType inType, long first, int count) {
    if (inType == DType.BF16) {
      ScaleKernel.fromBfloat16(in, 2 * first, wide, 0, count);
    } else {
      ScaleKernel.fromHalf(in, 2 * first, wide, 0, count);
    }
  }

  /** Less than a vector, filled up with zeros. */
  private void widenRest(MemorySegment in, DType inType, long first, int count) {
    MemorySegment copy = inType == DType.F32 ? wide : narrow;
    long bytes = (long) count * inType.byteSize();
    MemorySegment.copy(in, first * inType.byteSize(), copy, 0, bytes);
    MemorySegment.copy(zeros, 0, copy, bytes, (long) (ScaleKernel.LANES - count) * inType.byteSize());
    if (inType != DType.F32) {
      widen(narrow, inType, 0, ScaleKernel.LANES);
    }
  }
}
