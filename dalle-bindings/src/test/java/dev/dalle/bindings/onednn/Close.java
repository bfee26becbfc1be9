package dev.dalle.bindings.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

/** Comparison with a result in double. */
final class Close {
  private Close() {}

  /** Half a unit in the last place, relative. */
  static double unit(DataType dtype) {
    return switch (dtype) {
      case F32 -> Math.pow(2, -24);
      case BF16 -> Math.pow(2, -8);
      case F16 -> Math.pow(2, -11);
      case S32, S8, U8 -> 0;
    };
  }

  /**
   * @param magnitude for each element the sum of absolute values of what was added up: rounding errors in f32 sums are
   *     proportional to it, whatever the order
   * @param terms how many were added up; the bound grows with the root of it at random signs, and we allow four times that
   */
  static void sums(double[] wanted, double[] magnitude, int terms, DataType stored, double[] got) {
    assertEquals(wanted.length, got.length);
    double perSum = 4 * Math.sqrt(Math.max(terms, 1)) * Math.pow(2, -24);
    for (int i = 0; i < wanted.length; i++) {
      double allowed = perSum * magnitude[i] + 1.01 * unit(stored) * (Math.abs(wanted[i]) + perSum * magnitude[i]);
      if (!(Math.abs(wanted[i] - got[i]) <= allowed)) {
        fail("element " + i + ": wanted " + wanted[i] + " +- " + allowed + ", got " + got[i]);
      }
    }
  }

  /** Relative to the larger of 1 and the value. */
  static void values(double[] wanted, double[] got, double tolerance) {
    assertEquals(wanted.length, got.length);
    for (int i = 0; i < wanted.length; i++) {
      if (!(Math.abs(wanted[i] - got[i]) <= tolerance * Math.max(1, Math.abs(wanted[i])))) {
        fail("element " + i + ": wanted " + wanted[i] + ", got " + got[i] + ", tolerance " + tolerance);
      }
    }
  }
}
