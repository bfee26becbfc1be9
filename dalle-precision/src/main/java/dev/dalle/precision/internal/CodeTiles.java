package dev.dalle.precision.internal;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What one thread packs and unpacks with. F32 and 16-bit codes go directly; other types go through tiles that stay in the first-level cache: F16 and BF16 are
 * themselves codes of a format, and 8-bit codes are 16-bit ones cut short. Made once a thread of a device's team and kept with the operations.
 */
final class CodeTiles {
  /** Elements of a tile. */
  private static final int LENGTH = 2048;
  /** Elements of a loop that needs no tile: an int counts them. */
  private static final int DIRECT = 1 << 20;
  private static final CodeNumbers FP16 = CodeNumbers.of(FloatFormat.FP16);
  private static final CodeNumbers BF16 = CodeNumbers.of(FloatFormat.BF16);

  private final MemorySegment floats;
  private final MemorySegment codes;

  CodeTiles() {
    // Left to the garbage collector with the device's operations, which have no end of their own.
    Arena arena = Arena.ofAuto();
    floats = arena.allocate(4L * LENGTH, 64);
    codes = arena.allocate(2L * LENGTH, 64);
  }

  /** Elements {@code from} to {@code to} of a tensor to codes. */
  void encode(CodeNumbers numbers, MemorySegment in, DType inType, MemorySegment out, DType outType, long from, long to) {
    int length = inType == DType.F32 && outType == DType.U16 ? DIRECT : LENGTH;
    for (long at = from; at < to; at += length) {
      int count = (int) Math.min(length, to - at);
      if (inType != DType.F32) {
        CodeLoops.decode(inType == DType.F16 ? FP16 : BF16, in, 2 * at, floats, 0, count);
      }
      MemorySegment source = inType == DType.F32 ? in : floats;
      long sourceAt = inType == DType.F32 ? 4 * at : 0;
      if (outType == DType.U16) {
        CodeLoops.encode(numbers, source, sourceAt, out, 2 * at, count);
      } else {
        CodeLoops.encode(numbers, source, sourceAt, codes, 0, count);
        CodeLoops.narrow(codes, 0, out, at, count);
      }
    }
  }

  /** Codes {@code from} to {@code to} of a tensor to elements. */
  void decode(CodeNumbers numbers, MemorySegment in, DType inType, MemorySegment out, DType outType, long from, long to) {
    int length = inType == DType.U16 && outType == DType.F32 ? DIRECT : LENGTH;
    for (long at = from; at < to; at += length) {
      int count = (int) Math.min(length, to - at);
      if (inType == DType.U8) {
        CodeLoops.widen(in, at, codes, 0, count);
      }
      MemorySegment source = inType == DType.U8 ? codes : in;
      long sourceAt = inType == DType.U8 ? 0 : 2 * at;
      if (outType == DType.F32) {
        CodeLoops.decode(numbers, source, sourceAt, out, 4 * at, count);
      } else {
        CodeLoops.decode(numbers, source, sourceAt, floats, 0, count);
        CodeLoops.encode(outType == DType.F16 ? FP16 : BF16, floats, 0, out, 2 * at, count);
      }
    }
  }
}
