package dev.dalle.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Philox;
import dev.dalle.tensor.cpu.BlockProduct.Spec;
import dev.dalle.tensor.cpu.BlockProduct.Strides;
import dev.dalle.tensor.internal.cpu.CpuBackend;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Small products against loops in double, by every thread of a team at once. */
class BlockProductTest {
  private static final int THREADS = 2;
  private final CpuBackend backend = new CpuBackend(THREADS);
  private final CpuTeam team = backend.team();

  /** A matrix somewhere in memory, and its values. */
  private record Matrix(MemorySegment memory, double[][] values) {
    static Matrix of(Arena arena, DType dtype, Strides strides, int rows, int columns, long stream) {
      long count = (rows - 1) * strides.row() + (columns - 1) * strides.column() + 1;
      MemorySegment memory = arena.allocate(count * dtype.byteSize(), 64);
      double[][] values = new double[rows][columns];
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          // Eighths are exact in both types.
          float value = Math.round(8 * Philox.normal(1, stream, r * 1000L + c)) / 8f;
          values[r][c] = value;
          long at = r * strides.row() + c * strides.column();
          if (dtype == DType.F32) {
            memory.setAtIndex(ValueLayout.JAVA_FLOAT, at, value);
          } else {
            memory.setAtIndex(ValueLayout.JAVA_SHORT, at, (short) (Float.floatToIntBits(value) >>> 16));
          }
        }
      }
      return new Matrix(memory, values);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void multipliesWhateverTheLayout(DType dtype) {
    assumeTrue(backend.computes(dtype), "this processor does not multiply " + dtype);
    for (int[] size : new int[][] {{1, 1, 1}, {13, 7, 5}, {32, 64, 64}, {64, 13, 33}, {207, 32, 128}}) {
      for (boolean transposeA : new boolean[] {false, true}) {
        for (boolean transposeB : new boolean[] {false, true}) {
          for (boolean accumulate : new boolean[] {false, true}) {
            check(dtype, size[0], size[1], size[2], transposeA, transposeB, accumulate);
          }
        }
      }
    }
  }

  private void check(DType dtype, int rows, int inner, int columns, boolean transposeA, boolean transposeB, boolean accumulate) {
    Strides a = transposeA ? Strides.columns(rows + 3) : Strides.rows(inner + 2);
    Strides b = transposeB ? Strides.columns(inner + 1) : Strides.rows(columns + 5);
    int cRow = columns + 4;
    BlockProduct product = team.product(new Spec(dtype, rows, inner, columns, a, b, cRow, accumulate));
    AtomicInteger ran = new AtomicInteger();
    team.forRanges(THREADS, 1, (thread, from, to) -> {
      try (Arena arena = Arena.ofConfined()) {
        Matrix x = Matrix.of(arena, dtype, a, rows, inner, 1);
        Matrix y = Matrix.of(arena, dtype, b, inner, columns, 2);
        Matrix z = Matrix.of(arena, DType.F32, Strides.rows(cRow), rows, columns, 3);
        product.multiply(x.memory(), y.memory(), z.memory());
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) {
            double expected = accumulate ? z.values()[r][c] : 0;
            for (int k = 0; k < inner; k++) {
              expected += x.values()[r][k] * y.values()[k][c];
            }
            // Sums of multiples of 1/64 below 2^17 are exact in F32.
            assertEquals(expected, z.memory().getAtIndex(ValueLayout.JAVA_FLOAT, (long) r * cRow + c), 0, dtype + " " + r + ", " + c);
          }
        }
      }
      ran.incrementAndGet();
    });
    assertEquals(THREADS, ran.get());
  }

  @Test
  void refusesWhatDoesNotFit() {
    Strides rows = Strides.rows(4);
    assertMessage("dtype: expected F32 or BF16, got F16", () -> new Spec(DType.F16, 4, 4, 4, rows, rows, 4, false));
    assertMessage("rows, inner, columns: expected 1 or more, got 4, 0, 4", () -> new Spec(DType.F32, 4, 0, 4, rows, rows, 4, false));
    assertMessage("cRow: expected at least the 4 columns, got 3", () -> new Spec(DType.F32, 4, 4, 4, rows, rows, 3, false));
    assertMessage("strides: expected 0 or more, got -1 and 1", () -> Strides.rows(-1));
    BlockProduct product = team.product(new Spec(DType.F32, 4, 4, 4, rows, rows, 4, false));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment whole = arena.allocate(64, 64);
      assertThrows(IllegalArgumentException.class, () -> product.multiply(whole, whole.asSlice(0, 60), whole));
      assertThrows(IllegalArgumentException.class, () -> product.multiply(whole, whole, MemorySegment.ofArray(new float[16])));
    }
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }
}
