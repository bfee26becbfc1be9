package dev.dalle.precision.format;

import dev.dalle.precision.internal.HostCodeTiles;
import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Packing and unpacking of what lies in the host's memory, on the calling thread, in the same bits as {@link FormatOps}. For code that works beside a device, such
 * as a transfer between processes. One thread at a time; make one a thread and keep it.
 */
public final class HostCodes {
  private final FloatFormat format;
  private final HostCodeTiles tiles;

  /** For one format. */
  public HostCodes(FloatFormat format) {
    this.format = Objects.requireNonNull(format, "format");
    this.tiles = new HostCodeTiles(format, FormatOps.codeType(format));
  }

  /** The format. */
  public FloatFormat format() {
    return format;
  }

  /** Type of the codes. */
  public DType codeType() {
    return FormatOps.codeType(format);
  }

  /**
   * Codes of floats, each rounded once.
   *
   * @param floats native, little-endian F32 from its beginning on
   * @param codes little-endian codes of {@link #codeType}, overwritten
   * @param from element of {@code codes} to begin with
   * @param count elements
   */
  public void encode(MemorySegment floats, MemorySegment codes, long from, int count) {
    tiles.encode(floats, codes, from, count);
  }

  /**
   * Floats of codes, exact.
   *
   * @param codes little-endian codes of {@link #codeType}
   * @param from element of {@code codes} to begin with
   * @param floats native, F32, overwritten from its beginning on
   * @param count elements
   */
  public void decode(MemorySegment codes, long from, MemorySegment floats, int count) {
    tiles.decode(codes, from, floats, count);
  }
}
