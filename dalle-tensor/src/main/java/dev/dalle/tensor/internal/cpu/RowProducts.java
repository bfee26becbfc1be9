package dev.dalle.tensor.internal.cpu;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Tensor;
import dev.dalle.tensor.cpu.CpuDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of few rows with a packed weight, which lies in panels of {@link Ops#PACKED_ROWS} outputs: for each input the weights of all of them side by side. Each
 * sum is made in the order of the inputs, one rounding a step, whatever else is computed with it; so it has the same bits for any number of rows and threads.
 * In F32 and F16 a panel has outputs 0 to 31 in their order; in BF16 outputs j and j + 16 share 32 bits, the first in the lower half, so that a shift and a mask
 * make two vectors of floats of a vector of integers. Panels of F16 are converted to F32 one by one before they are multiplied.
 */
final class RowProducts {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);
  private static final int LANES = SPECIES.length();
  private static final int PANEL = Ops.PACKED_ROWS;
  private static final int HALF = PANEL / 2;
  /** Rows whose sums are kept in registers together. */
  private static final int TOGETHER = 4;

  private final CpuDevice device;
  private final WidePanel[] panels;
  private float[] input = new float[0];

  RowProducts(CpuDevice device) {
    this.device = device;
    this.panels = Stream.generate(WidePanel::new).limit(device.threads()).toArray(WidePanel[]::new);
  }

  /** A panel of F16 in F32, for one thread. */
  private static final class WidePanel {
    private final Scratch floats = new Scratch();
    private final float[] tile = new float[Tiles.LENGTH];

    MemorySegment of(MemorySegment halves, long at, int count) {
      MemorySegment panel = floats.of((long) count * Float.BYTES);
      for (int i = 0; i < count; i += tile.length) {
        int some = Math.min(tile.length, count - i);
        Half.load(halves, at + 2L * i, tile, some);
        MemorySegment.copy(tile, 0, panel, FLOAT, 4L * i, some);
      }
      return panel;
    }
  }

  void pack(Tensor weight, Tensor packed) {
    int outputs = Math.toIntExact(weight.dim(0));
    int inputs = Math.toIntExact(weight.dim(1));
    boolean pairs = packed.dtype() == DType.BF16;
    device.launch("pack weight", (team, memory) -> team.forRanges(packed.dim(0) / PANEL, 1, (thread, from, to) -> {
      float[] rows = new float[PANEL * inputs];
      float[] turned = new float[pairs ? 0 : PANEL * inputs];
      int[] words = new int[pairs ? HALF * inputs : 0];
      for (int panel = (int) from; panel < to; panel++) {
        int count = Math.min(PANEL, outputs - panel * PANEL);
        long first = (long) panel * PANEL * inputs;
        Tiles.load(memory[0], weight.dtype(), first, rows, count * inputs);
        Arrays.fill(rows, count * inputs, rows.length, 0);
        if (pairs) {
          packBfloats(rows, inputs, words);
          MemorySegment.copy(words, 0, memory[1], INT, 2 * first, words.length);
        } else {
          turn(rows, inputs, turned);
          Tiles.store(turned, memory[1], packed.dtype(), first, turned.length);
        }
      }
    }), weight, packed);
  }

  private static void turn(float[] rows, int inputs, float[] turned) {
    for (int r = 0; r < PANEL; r++) {
      for (int i = 0; i < inputs; i++) {
        turned[i * PANEL + r] = rows[r * inputs + i];
      }
    }
  }

  private static void packBfloats(float[] rows, int inputs, int[] words) {
    for (int r = 0; r < HALF; r++) {
      for (int i = 0; i < inputs; i++) {
        int low = Bfloat16.of(rows[r * inputs + i]) & 0xFFFF;
        words[i * HALF + r] = Bfloat16.of(rows[(r + HALF) * inputs + i]) << 16 | low;
      }
    }
  }

  void linear(Tensor x, Tensor packed, Tensor bias, Tensor out) {
    int rows = Math.toIntExact(x.dim(0));
    int inputs = Math.toIntExact(x.dim(1));
    int outputs = Math.toIntExact(out.dim(1));
    if (rows == 0 || outputs == 0) {
      return;
    }
    DType type = packed.dtype();
    device.launch("linear by row", (team, memory) -> {
      float[] in = load(memory[0], x.dtype(), rows * inputs);
      team.forRanges(packed.dim(0) / PANEL, 1, (thread, from, to) -> {
        float[] sums = new float[TOGETHER * PANEL];
        for (int panel = (int) from; panel < to; panel++) {
          MemorySegment weights = memory[1];
          long at = (long) panel * PANEL * inputs * type.byteSize();
          if (type == DType.F16) {
            weights = panels[thread].of(weights, at, PANEL * inputs);
            at = 0;
          }
          for (int row = 0; row < rows; row += TOGETHER) {
            int count = Math.min(TOGETHER, rows - row);
            if (type == DType.BF16) {
              multiplyBfloats(weights, at, inputs, in, row * inputs, count, sums);
            } else {
              multiplyFloats(weights, at, inputs, in, row * inputs, count, sums);
            }
            for (int r = 0; r < count; r++) {
              store(sums, r * PANEL, memory[2], panel * PANEL, Math.min(PANEL, outputs - panel * PANEL), memory[3], out.dtype(),
                  (long) (row + r) * outputs + (long) panel * PANEL);
            }
          }
        }
      });
    }, x, packed, bias, out);
  }

  private float[] load(MemorySegment from, DType dtype, int count) {
    if (input.length < count) {
      input = new float[count];
    }
    Tiles.load(from, dtype, 0, input, count);
    return input;
  }

  /** Four rows at once, or one after the other if there are fewer; either way each sum has the same terms in the same order. */
  private static void multiplyFloats(MemorySegment weights, long at, int inputs, float[] x, int xAt, int rows, float[] sums) {
    for (int lane = 0; lane < HALF; lane += LANES) {
      if (rows == TOGETHER) {
        fourFloats(weights, at + 4L * lane, inputs, x, xAt, sums, lane);
      } else {
        for (int r = 0; r < rows; r++) {
          oneFloats(weights, at + 4L * lane, inputs, x, xAt + r * inputs, sums, r * PANEL + lane);
        }
      }
    }
  }

  private static void multiplyBfloats(MemorySegment weights, long at, int inputs, float[] x, int xAt, int rows, float[] sums) {
    for (int lane = 0; lane < HALF; lane += LANES) {
      if (rows == TOGETHER) {
        fourBfloats(weights, at + 4L * lane, inputs, x, xAt, sums, lane);
      } else {
        for (int r = 0; r < rows; r++) {
          oneBfloats(weights, at + 4L * lane, inputs, x, xAt + r * inputs, sums, r * PANEL + lane);
        }
      }
    }
  }

  private static void oneFloats(MemorySegment weights, long at, int inputs, float[] x, int xAt, float[] sums, int to) {
    FloatVector low = FloatVector.zero(SPECIES);
    FloatVector high = FloatVector.zero(SPECIES);
    long offset = at;
    for (int i = 0; i < inputs; i++) {
      FloatVector value = FloatVector.broadcast(SPECIES, x[xAt + i]);
      low = value.fma(FloatVector.fromMemorySegment(SPECIES, weights, offset, ORDER), low);
      high = value.fma(FloatVector.fromMemorySegment(SPECIES, weights, offset + 4 * HALF, ORDER), high);
      offset += 4 * PANEL;
    }
    low.intoArray(sums, to);
    high.intoArray(sums, to + HALF);
  }

  private static void oneBfloats(MemorySegment weights, long at, int inputs, float[] x, int xAt, float[] sums, int to) {
    FloatVector low = FloatVector.zero(SPECIES);
    FloatVector high = FloatVector.zero(SPECIES);
    long offset = at;
    for (int i = 0; i < inputs; i++) {
      FloatVector value = FloatVector.broadcast(SPECIES, x[xAt + i]);
      IntVector both = IntVector.fromMemorySegment(INTS, weights, offset, ORDER);
      low = value.fma(both.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats(), low);
      high = value.fma(both.and(0xFFFF0000).reinterpretAsFloats(), high);
      offset += 4 * HALF;
    }
    low.intoArray(sums, to);
    high.intoArray(sums, to + HALF);
  }

  private static void fourFloats(MemorySegment weights, long at, int inputs, float[] x, int xAt, float[] sums, int to) {
    FloatVector low0 = FloatVector.zero(SPECIES);
    FloatVector high0 = FloatVector.zero(SPECIES);
    FloatVector low1 = FloatVector.zero(SPECIES);
    FloatVector high1 = FloatVector.zero(SPECIES);
    FloatVector low2 = FloatVector.zero(SPECIES);
    FloatVector high2 = FloatVector.zero(SPECIES);
    FloatVector low3 = FloatVector.zero(SPECIES);
    FloatVector high3 = FloatVector.zero(SPECIES);
    long offset = at;
    for (int i = xAt; i < xAt + inputs; i++) {
      FloatVector low = FloatVector.fromMemorySegment(SPECIES, weights, offset, ORDER);
      FloatVector high = FloatVector.fromMemorySegment(SPECIES, weights, offset + 4 * HALF, ORDER);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[i]);
      low0 = x0.fma(low, low0);
      high0 = x0.fma(high, high0);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[i + inputs]);
      low1 = x1.fma(low, low1);
      high1 = x1.fma(high, high1);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[i + 2 * inputs]);
      low2 = x2.fma(low, low2);
      high2 = x2.fma(high, high2);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[i + 3 * inputs]);
      low3 = x3.fma(low, low3);
      high3 = x3.fma(high, high3);
      offset += 4 * PANEL;
    }
    low0.intoArray(sums, to);
    high0.intoArray(sums, to + HALF);
    low1.intoArray(sums, to + PANEL);
    high1.intoArray(sums, to + PANEL + HALF);
    low2.intoArray(sums, to + 2 * PANEL);
    high2.intoArray(sums, to + 2 * PANEL + HALF);
    low3.intoArray(sums, to + 3 * PANEL);
    high3.intoArray(sums, to + 3 * PANEL + HALF);
  }

  private static void fourBfloats(MemorySegment weights, long at, int inputs, float[] x, int xAt, float[] sums, int to) {
    FloatVector low0 = FloatVector.zero(SPECIES);
    FloatVector high0 = FloatVector.zero(SPECIES);
    FloatVector low1 = FloatVector.zero(SPECIES);
    FloatVector high1 = FloatVector.zero(SPECIES);
    FloatVector low2 = FloatVector.zero(SPECIES);
    FloatVector high2 = FloatVector.zero(SPECIES);
    FloatVector low3 = FloatVector.zero(SPECIES);
    FloatVector high3 = FloatVector.zero(SPECIES);
    long offset = at;
    for (int i = xAt; i < xAt + inputs; i++) {
      IntVector both = IntVector.fromMemorySegment(INTS, weights, offset, ORDER);
      FloatVector low = both.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
      FloatVector high = both.and(0xFFFF0000).reinterpretAsFloats();
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[i]);
      low0 = x0.fma(low, low0);
      high0 = x0.fma(high, high0);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[i + inputs]);
      low1 = x1.fma(low, low1);
      high1 = x1.fma(high, high1);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[i + 2 * inputs]);
      low2 = x2.fma(low, low2);
      high2 = x2.fma(high, high2);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[i + 3 * inputs]);
      low3 = x3.fma(low, low3);
      high3 = x3.fma(high, high3);
      offset += 4 * HALF;
    }
    low0.intoArray(sums, to);
    high0.intoArray(sums, to + HALF);
    low1.intoArray(sums, to + PANEL);
    high1.intoArray(sums, to + PANEL + HALF);
    low2.intoArray(sums, to + 2 * PANEL);
    high2.intoArray(sums, to + 2 * PANEL + HALF);
    low3.intoArray(sums, to + 3 * PANEL);
    high3.intoArray(sums, to + 3 * PANEL + HALF);
  }

  private static void store(float[] sums, int at, MemorySegment bias, int output, int count, MemorySegment out, DType dtype, long to) {
    for (int i = 0; i < count; i++) {
      float value = sums[at + i] + bias.get(FLOAT, 4L * (output + i));
      switch (dtype) {
        case F32 -> out.set(FLOAT, 4 * (to + i), value);
        case BF16 -> out.set(SHORT, 2 * (to + i), Bfloat16.of(value));
        default -> out.set(SHORT, 2 * (to + i), Half.of(value));
      }
    }
  }
}
