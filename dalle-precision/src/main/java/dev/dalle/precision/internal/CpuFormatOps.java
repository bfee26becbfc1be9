package dev.dalle.precision.internal;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.precision.format.FormatOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;

/** Packing and unpacking on the processor, one pass over memory. Arguments are checked before. */
final class CpuFormatOps implements FormatOps {
  /** Elements below which a second thread costs more than it saves; a multiple of every vector length. */
  private static final long GRAIN = 16_384;

  private final CpuDevice device;
  private final CodeTiles[] tiles;

  CpuFormatOps(CpuDevice device) {
    this.device = device;
    tiles = new CodeTiles[device.threads()];
    for (int i = 0; i < tiles.length; i++) {
      tiles[i] = new CodeTiles();
    }
  }

  @Override
  public void encode(Tensor in, FloatFormat format, Tensor codes) {
    CodeNumbers numbers = CodeNumbers.of(format);
    long count = in.elementCount();
    DType inType = in.dtype();
    DType codeType = codes.dtype();
    device.launch("encode", (team, memory) -> team.forRanges(count, GRAIN,
        (thread, from, to) -> tiles[thread].encode(numbers, memory[0], inType, memory[1], codeType, from, to)), in, codes);
  }

  @Override
  public void decode(Tensor codes, FloatFormat format, Tensor out) {
    CodeNumbers numbers = CodeNumbers.of(format);
    long count = codes.elementCount();
    DType codeType = codes.dtype();
    DType outType = out.dtype();
    device.launch("decode", (team, memory) -> team.forRanges(count, GRAIN,
        (thread, from, to) -> tiles[thread].decode(numbers, memory[0], codeType, memory[1], outType, from, to)), codes, out);
  }
}
