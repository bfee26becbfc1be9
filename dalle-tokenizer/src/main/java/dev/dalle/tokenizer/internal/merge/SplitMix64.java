package dev.dalle.tokenizer.internal.merge;

/**
 * The SplitMix64 generator (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"). Written out here because tokens drawn from a seed
 * must stay the same on every JDK.
 */
public final class SplitMix64 {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  /** A generator; similar seeds give unrelated numbers. */
  public SplitMix64(long seed) {
    state = mix(seed);
  }

  /** The next 53 random bits, uniform over [0, 2^53). */
  public long next53() {
    state += GOLDEN_GAMMA;
    return mix(state) >>> 11;
  }

  private static long mix(long seed) {
    long z = seed;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
