package dev.dalle.precision.optimizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.dalle.precision.format.FloatFormat;
import dev.dalle.tensor.Philox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StochasticRoundingTest {
  private static final int DRAWS = 20_000;

  /** A 16-bit type and what rounds to it. */
  enum Target {
    F16(FloatFormat.FP16),
    BF16(FloatFormat.BF16);

    private final FloatFormat format;

    Target(FloatFormat format) {
      this.format = format;
    }

    int round(float value, int draw) {
      return (this == F16 ? StochasticRounding.toFloat16(value, draw) : StochasticRounding.toBfloat16(value, draw)) & 0xFFFF;
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatNeedsNoRoundingStays(Target target) {
    int[] draws = {0, -1, 1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0xFFF0_0000, 0x000F_FFFF, 0x7FFF_0000};
    for (int code = 0; code < 65_536; code++) {
      float value = target.format.decode(code);
      for (int draw : draws) {
        // A NaN loses sign and payload.
        assertEquals(target.format.encode(value), target.round(value, draw), () -> "code " + value);
      }
    }
  }

  /** Every magnitude there is, in steps of half an exponent and a bit: both neighbours occur, no other, and the mean is the number itself. */
  @ParameterizedTest
  @EnumSource
  void expectationIsTheNumber(Target target) {
    for (double magnitude = 0x1p-27; magnitude < 60_000; magnitude *= 1.37) {
      for (float value : new float[] {(float) magnitude, (float) -magnitude}) {
        int below = code(target, value);
        double low = target.format.decode(below);
        double high = target.format.decode(below + 1);
        double share = (value - low) / (high - low);
        int up = 0;
        long key = StochasticRounding.key(3, Float.floatToIntBits(value));
        for (int i = 0; i < DRAWS; i++) {
          int code = target.round(value, StochasticRounding.draw(key, i));
          assertTrue(code == below || code == below + 1, value + " became " + target.format.decode(code));
          up += code - below;
        }
        // Five deviations of a binomial distribution, and the grain of 4096 parts.
        assertEquals(share, (double) up / DRAWS, 5 * Math.sqrt(share * (1 - share) / DRAWS) + 1.0 / 4096, () -> "share of " + value + " rounded away from zero");
      }
    }
  }

  /** The code of the same sign and of the greatest magnitude that is not greater. */
  private static int code(Target target, float value) {
    int code = target.format.encode(value);
    return Math.abs(target.format.decode(code)) > Math.abs(value) ? code - 1 : code;
  }

  @Test
  void beyondTheGreatestNumberThereIsInfinity() {
    assertEquals(0x7C00, StochasticRounding.toFloat16(65_536, 0) & 0xFFFF);
    assertEquals(0xFC00, StochasticRounding.toFloat16(Float.NEGATIVE_INFINITY, -1) & 0xFFFF);
    assertEquals(0x7BFF, StochasticRounding.toFloat16(65_504, -1) & 0xFFFF);
    assertEquals(0x7C00, StochasticRounding.toFloat16(65_520, -1) & 0xFFFF);
    assertEquals(0x7BFF, StochasticRounding.toFloat16(65_520, 0) & 0xFFFF);
    assertEquals(0x7F80, StochasticRounding.toBfloat16(Float.POSITIVE_INFINITY, -1) & 0xFFFF);
    assertEquals(0x7F80, StochasticRounding.toBfloat16(Float.MAX_VALUE, -1) & 0xFFFF);
    assertEquals(0x7FC0, StochasticRounding.toBfloat16(Float.intBitsToFloat(0xFFFF_FFFF), -1) & 0xFFFF);
    assertEquals(0x7E00, StochasticRounding.toFloat16(Float.intBitsToFloat(0xFF80_0001), -1) & 0xFFFF);
  }

  /** Neighbouring elements, successive updates, other names and other seeds: draws that have nothing to do with each other. */
  @Test
  void drawsAreEvenAndUnrelated() {
    int count = 100_000;
    long stream = StochasticRounding.stream(1, "layer1.mlp.in.weight");
    long key = StochasticRounding.key(stream, 1);
    uncorrelated(count, key, 0, key, 1);
    uncorrelated(count, key, 0, key, 1_024);
    uncorrelated(count, key, 0, StochasticRounding.key(stream, 2), 0);
    uncorrelated(count, key, 0, StochasticRounding.key(StochasticRounding.stream(2, "layer1.mlp.in.weight"), 1), 0);
    uncorrelated(count, key, 0, StochasticRounding.key(StochasticRounding.stream(1, "layer2.mlp.in.weight"), 1), 0);
    // One element over many updates.
    double sum = 0;
    for (int t = 1; t <= count; t++) {
      sum += uniform(StochasticRounding.draw(StochasticRounding.key(stream, t), 77));
    }
    assertEquals(0.5, sum / count, 5 / Math.sqrt(12.0 * count));
    int[] cells = new int[256];
    for (int i = 0; i < count; i++) {
      cells[StochasticRounding.draw(key, i) >>> 24]++;
    }
    double chi = 0;
    for (int cell : cells) {
      chi += Math.pow(cell - count / 256.0, 2) / (count / 256.0);
    }
    // Chi squared of 255 degrees of freedom: mean 255, deviation 22.6.
    assertEquals(255, chi, 5 * 22.6);
    assertEquals(StochasticRounding.draw(key, 5), StochasticRounding.draw(key, 5 + (1L << 32)));
  }

  private static double uniform(int draw) {
    return (draw >>> 8) * 0x1p-24;
  }

  private static void uncorrelated(int count, long key, long from, long otherKey, long otherFrom) {
    assertNotEquals(StochasticRounding.draw(key, from), StochasticRounding.draw(otherKey, otherFrom));
    double covariance = 0;
    double mean = 0;
    for (int i = 0; i < count; i++) {
      double a = uniform(StochasticRounding.draw(key, from + i)) - 0.5;
      double b = uniform(StochasticRounding.draw(otherKey, otherFrom + i)) - 0.5;
      covariance += a * b;
      mean += a;
    }
    assertEquals(0, mean / count, 5 / Math.sqrt(12.0 * count));
    assertEquals(0, covariance / count, 5 / (12 * Math.sqrt(count)));
  }

  @Test
  void definitionIsPinned() {
    // The seed and the name decide through the same mixing that seeds every other stream.
    assertEquals(Philox.stream(7, Philox.stream('w')), StochasticRounding.stream(7, "w"));
    assertEquals(Philox.stream(11, 3), StochasticRounding.key(11, 3));
    assertEquals(0, StochasticRounding.draw(0, 0));
    assertEquals(pinned(0x0123_4567_89AB_CDEFL, 1_000_003), StochasticRounding.draw(0x0123_4567_89AB_CDEFL, 1_000_003));
  }

  /** The hash once more, in 64-bit arithmetic. */
  private static int pinned(long key, long index) {
    long x = (index ^ key) & 0xFFFF_FFFFL;
    x ^= x >> 16;
    x = (x * 0x21F0AAADL & 0xFFFF_FFFFL) ^ key >>> 32;
    x ^= x >> 15;
    x = x * 0x735A2D97L & 0xFFFF_FFFFL;
    return (int) (x ^ x >> 15);
  }
}
