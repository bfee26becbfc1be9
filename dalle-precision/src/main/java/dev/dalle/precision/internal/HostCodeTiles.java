package dev.dalle.precision.internal;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;

/** One thread's packing and unpacking outside of a device. */
public final class HostCodeTiles {
  private final CodeNumbers numbers;
  private final DType codeType;
  private final CodeTiles tiles = new CodeTiles();

  /** For one format and the type of its codes. */
  public HostCodeTiles(FloatFormat format, DType codeType) {
    this.numbers = CodeNumbers.of(format);
    this.codeType = codeType;
  }

  /** Codes of {@code count} floats, to {@code codes} from an element on. */
  public void encode(MemorySegment floats, MemorySegment codes, long from, int count) {
    tiles.encode(numbers, floats, DType.F32, codes.asSlice(from * codeType.byteSize()), codeType, 0, count);
  }

  /** Floats of {@code count} codes, from an element of {@code codes} on. */
  public void decode(MemorySegment codes, long from, MemorySegment floats, int count) {
    tiles.decode(numbers, codes.asSlice(from * codeType.byteSize()), codeType, floats, DType.F32, 0, count);
  }
}
