package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Rows picked from a table by index and added back to it. */
final class TableKernels {
  private final CpuDevice device;

  TableKernels(CpuDevice device) {
    this.device = device;
  }

  void gatherRows(Tensor table, Tensor indices, Tensor out, boolean accumulate) {
    int width = Math.toIntExact(table.dim(-1));
    long limit = table.shape().rowCount();
    DType tableType = table.dtype();
    DType outType = out.dtype();
    device.launch("gatherRows", (team, memory) -> team.forRanges(indices.elementCount(), grain(width), (thread, from, to) -> {
      float[] row = new float[width];
      float[] sum = new float[width];
      for (long n = from; n < to; n++) {
        int index = index(memory[1], n, limit);
        if (index >= 0) {
          Tiles.load(memory[0], tableType, (long) index * width, row, width);
        } else if (accumulate) {
          continue;
        } else {
          java.util.Arrays.fill(row, 0);
        }
        if (accumulate) {
          Tiles.load(memory[2], outType, n * width, sum, width);
          add(row, sum, row, width);
        }
        Tiles.store(row, memory[2], outType, n * width, width);
      }
    }), table, indices, out);
  }

  /** Every thread looks at all indices and handles the rows of its own part of the table, so equal indices add in order. */
  void scatterAddRows(Tensor rows, Tensor indices, Tensor table) {
    int width = Math.toIntExact(table.dim(-1));
    long limit = table.shape().rowCount();
    DType rowType = rows.dtype();
    DType tableType = table.dtype();
    device.launch("scatterAddRows", (team, memory) -> team.forRanges(limit, 1, (thread, from, to) -> {
      float[] row = new float[width];
      float[] sum = new float[width];
      for (long n = 0; n < indices.elementCount(); n++) {
        int index = index(memory[1], n, limit);
        if (index >= from && index < to) {
          Tiles.load(memory[0], rowType, n * width, row, width);
          Tiles.load(memory[2], tableType, (long) index * width, sum, width);
          add(row, sum, sum, width);
          Tiles.store(sum, memory[2], tableType, (long) index * width, width);
        }
      }
    }), rows, indices, table);
  }

  private static void add(float[] x, float[] y, float[] z, int count) {
    for (int i = 0; i < count; i++) {
      z[i] = x[i] + y[i];
    }
  }

  private static int index(MemorySegment indices, long n, long limit) {
    int index = indices.get(ValueLayout.JAVA_INT, n * 4);
    if (index >= limit) {
      throw new IndexOutOfBoundsException("index " + index + " at row " + n + ", the table has " + limit + " rows");
    }
    return index;
  }

  static long grain(int width) {
    return Math.max(1, 16384 / Math.max(1, width));
  }
}
