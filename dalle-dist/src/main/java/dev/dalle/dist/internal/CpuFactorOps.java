package dev.dalle.dist.internal;

import dev.dalle.dist.powersgd.FactorOps;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The operations of thin matrices on the processor. Arguments are checked before. */
final class CpuFactorOps implements FactorOps {
  /** Elements below which a second thread costs more than it saves. */
  private static final long GRAIN = 16_384;
  private static final int TILE = 2048;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final CpuDevice device;

  CpuFactorOps(CpuDevice device) {
    this.device = device;
  }

  @Override
  public void orthonormalise(Tensor matrix, double epsilon) {
    int rows = Math.toIntExact(matrix.dim(0));
    int columns = Math.toIntExact(matrix.dim(1));
    device.launch("orthonormalise", (team, memory) -> new Householder(rows, columns).orthonormalise(team, memory[0], (float) epsilon), matrix);
  }

  @Override
  public void flagNonfinite(Tensor in, Tensor nonfinite) {
    long count = in.elementCount();
    device.launch("flagNonfinite", (team, memory) -> {
      boolean[] found = new boolean[team.threads()];
      team.forRanges(count, GRAIN, (thread, from, to) -> found[thread] |= anyNonfinite(memory[0], from, to));
      for (boolean any : found) {
        if (any) {
          memory[1].set(INT, 0, 1);
        }
      }
    }, in, nonfinite);
  }

  private static boolean anyNonfinite(MemorySegment in, long from, long to) {
    float[] tile = new float[TILE];
    boolean found = false;
    for (long at = from; at < to; at += TILE) {
      int count = (int) Math.min(TILE, to - at);
      MemorySegment.copy(in, FLOAT, 4 * at, tile, 0, count);
      found |= anyNonfinite(tile, count);
    }
    return found;
  }

  /** Of all exponents only that of what is not finite has all bits set, and adding one to its lowest bit then carries into the sign's place. */
  private static boolean anyNonfinite(float[] tile, int count) {
    int carried = 0;
    for (int i = 0; i < count; i++) {
      carried |= (Float.floatToRawIntBits(tile[i]) & 0x7FFF_FFFF) + 0x0080_0000;
    }
    return carried < 0;
  }

  @Override
  public void mergeFlag(Tensor flag, Tensor into) {
    device.launch("mergeFlag", (team, memory) -> {
      if (memory[0].get(INT, 0) != 0) {
        memory[1].set(INT, 0, 1);
      }
    }, flag, into);
  }

  @Override
  public void addUnless(Tensor in, double factor, Tensor nonfinite, Tensor out) {
    long count = in.elementCount();
    float by = (float) factor;
    device.launch("addUnless", (team, memory) -> {
      if (memory[1].get(INT, 0) != 0) {
        return;
      }
      team.forRanges(count, GRAIN, (thread, from, to) -> add(memory[0], by, memory[2], from, to));
    }, in, nonfinite, out);
  }

  private static void add(MemorySegment in, float factor, MemorySegment out, long from, long to) {
    float[] terms = new float[TILE];
    float[] sums = new float[TILE];
    for (long at = from; at < to; at += TILE) {
      int count = (int) Math.min(TILE, to - at);
      MemorySegment.copy(in, FLOAT, 4 * at, terms, 0, count);
      MemorySegment.copy(out, FLOAT, 4 * at, sums, 0, count);
      for (int i = 0; i < count; i++) {
        sums[i] += factor * terms[i];
      }
      MemorySegment.copy(sums, 0, out, FLOAT, 4 * at, count);
    }
  }
}
