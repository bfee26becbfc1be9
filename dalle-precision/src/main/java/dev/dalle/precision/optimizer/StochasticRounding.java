package dev.dalle.precision.optimizer;

import dev.dalle.tensor.Philox;

/**
 * Rounding to one of the two 16-bit neighbours of a number, to each with the probability that makes the expectation the number itself; what needs no
 * rounding stays. These functions are the definition that every device follows.
 *
 * <p>The 32 random bits of an element are a function of the configuration's seed, the parameter's name, the number of the update and the element's index in
 * the whole parameter: a resumed run and any division into shards round alike. Elements whose indices differ by a multiple of 2^32 share them. They come
 * from a multiplicative hash of 32 bits in which a key of 64 bits is mixed, not from {@link Philox}: rounding asks only that draws are even and unrelated
 * between neighbours and between updates, and Philox would take several times as long as all else that an update computes.
 */
public final class StochasticRounding {
  /** The two multipliers of the hash (one of the constant pairs of least bias found by C. Wellons' search, "hash-prospector", 2018 and later). */
  public static final int MULTIPLIER_1 = 0x21F0AAAD;
  /** See {@link #MULTIPLIER_1}. */
  public static final int MULTIPLIER_2 = 0x735A2D97;

  private StochasticRounding() {}

  /** The stream of a parameter: a function of the seed and the name. */
  static long stream(long seed, String name) {
    return Philox.stream(seed, Philox.stream(name.chars().asLongStream().toArray()));
  }

  /** The key of a parameter's update number t. */
  public static long key(long stream, int t) {
    return Philox.stream(stream, t);
  }

  /** The bits of an element. */
  public static int draw(long key, long index) {
    int x = (int) index ^ (int) key;
    x ^= x >>> 16;
    x = x * MULTIPLIER_1 ^ (int) (key >>> 32);
    x ^= x >>> 15;
    x *= MULTIPLIER_2;
    return x ^ x >>> 15;
  }

  /** The BF16 neighbour that the upper 16 bits of a draw choose. Beyond the greatest number it may be infinity; NaN is 0x7FC0. */
  public static short toBfloat16(float value, int draw) {
    // What is cut off is the fraction of the step upwards, in 1/65536: adding a uniform number below 65536 carries with just that probability.
    return (short) (Float.isNaN(value) ? 0x7FC0 : Float.floatToRawIntBits(value) + (draw >>> 16) >>> 16);
  }

  /**
   * The F16 neighbour that the upper 13 bits of a draw choose, or, below 2^-14 in magnitude, its upper 12 bits. Beyond the greatest number it may be
   * infinity; NaN is 0x7E00.
   */
  public static short toFloat16(float value, int draw) {
    int bits = Float.floatToRawIntBits(value);
    int magnitude = bits & 0x7FFF_FFFF;
    int sign = bits >>> 16 & 0x8000;
    if (magnitude > 0x7F80_0000) {
      return 0x7E00;
    }
    if (magnitude >= 0x4780_0000) {
      return (short) (0x7C00 | sign);
    }
    if (magnitude >= 0x3880_0000) {
      return (short) (magnitude - (112 << 23) + (draw >>> 19) >>> 13 | sign);
    }
    // Subnormal numbers are multiples of 2^-24, the unit in the last place of 0.75, where the sum is rounded to nearest. What is added first is the middle of
    // one of 4096 parts of (-1/2, 1/2) units: never half a unit, or a number that needs no rounding could move.
    float offset = (Float.intBitsToFloat(0x3F80_0400 | draw >>> 20 << 11) - 1.5f) * 0x1p-24f;
    return (short) (Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + offset + 0.75f) - 0x3F40_0000 | sign);
  }
}
