package dev.dalle.precision.internal;

import dev.dalle.precision.scale.GradientOps;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The operations of gradient scaling on the processor. Arguments are checked before. */
final class CpuGradientOps implements GradientOps {
  /** Elements below which a second thread costs more than it saves; a multiple of a tile. */
  private static final long GRAIN = 8 * GradientTile.LENGTH;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final CpuDevice device;
  /** One a thread, for one kernel at a time: kernels of a device run one after the other. */
  private final GradientTile[] tiles;

  CpuGradientOps(CpuDevice device) {
    this.device = device;
    tiles = new GradientTile[device.threads()];
    for (int i = 0; i < tiles.length; i++) {
      tiles[i] = new GradientTile();
    }
  }

  @Override
  public void scaleFinite(Tensor in, double factor, Tensor out, Tensor counts) {
    scale("scaleFinite", in, factor, 0, out, counts);
  }

  @Override
  public void scaleCounted(Tensor in, double factor, Tensor out, Tensor counts) {
    scale("scaleCounted", in, factor, -1, out, counts);
  }

  private void scale(String name, Tensor in, double factor, int kept, Tensor out, Tensor counts) {
    long elements = in.elementCount();
    DType inType = in.dtype();
    DType outType = out.dtype();
    device.launch(name, (team, memory) -> {
      for (GradientTile tile : tiles) {
        tile.clear();
      }
      team.forRanges(elements, GRAIN, (thread, from, to) -> tiles[thread].scale(memory[0], inType, (float) factor, kept, memory[1], outType, from, to));
      for (int i = 0; i < COUNTS; i++) {
        add(memory[2], i, GradientTile.count(tiles, i));
      }
    }, in, out, counts);
  }

  @Override
  public void exponents(Tensor in, Tensor histogram) {
    long elements = in.elementCount();
    DType inType = in.dtype();
    device.launch("exponents", (team, memory) -> {
      for (GradientTile tile : tiles) {
        tile.clear();
      }
      team.forRanges(elements, GRAIN, (thread, from, to) -> tiles[thread].exponents(memory[0], inType, from, to));
      for (int i = 0; i < BINS; i++) {
        add(memory[1], i, GradientTile.binned(tiles, i));
      }
    }, in, histogram);
  }

  private static void add(MemorySegment counts, int place, long more) {
    counts.set(INT, 4L * place, (int) (counts.get(INT, 4L * place) + more));
  }

  @Override
  public void takeCounts(Tensor counts, Tensor out) {
    long elements = counts.elementCount();
    device.launch("takeCounts", (team, memory) -> {
      for (long i = 0; i < elements; i++) {
        int count = memory[0].get(INT, 4 * i);
        memory[1].set(FLOAT, 8 * i, count >>> 16);
        memory[1].set(FLOAT, 8 * i + 4, count & 0xFFFF);
        memory[0].set(INT, 4 * i, 0);
      }
    }, counts, out);
  }
}
