package dev.dalle.tensor;

import java.util.random.RandomGenerator;

/**
 * Counter-based random numbers, Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): number i of a stream is a
 * function of (seed, stream, i) alone, so recomputation, resumption and other devices give the same draw.
 *
 * <p>The static functions are the definition that every device follows. An instance walks along one stream on the host. Not thread-safe.
 */
public final class Philox implements RandomGenerator {
  private static final int M0 = 0xD2511F53;
  private static final int M1 = 0xCD9E8D57;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  private final long seed;
  private final long stream;
  private long position;
  private final int[] block = new int[4];

  /** The beginning of a stream. */
  public Philox(long seed, long stream) {
    this.seed = seed;
    this.stream = stream;
  }

  /** A stream's number made of several, such as (stage, step, rank): equal inputs give equal streams, others almost surely others. */
  public static long stream(long... parts) {
    long hash = 0x243F6A8885A308D3L;
    for (long part : parts) {
      hash = mix(hash ^ mix(part + 0x9E3779B97F4A7C15L));
    }
    return hash;
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64 bits. */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /**
   * Ten rounds on the counter (index, stream) with the seed as key.
   *
   * @param out four 32-bit words, written
   */
  public static void block(long seed, long stream, long index, int[] out) {
    int c0 = (int) index;
    int c1 = (int) (index >>> 32);
    int c2 = (int) stream;
    int c3 = (int) (stream >>> 32);
    int k0 = (int) seed;
    int k1 = (int) (seed >>> 32);
    for (int round = 0; round < 10; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      c0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      c1 = (int) p1;
      c2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c3 = (int) p0;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /** A word's upper 23 bits as a float in the middle of its interval of (0, 1): never 0, never 1. */
  public static float toUniform(int word) {
    return ((word >>> 9) + 0.5f) * 0x1p-23f;
  }

  /** Number {@code index} of a stream of uniform numbers in (0, 1): word {@code index mod 4} of block {@code index / 4}. */
  public static float uniform(long seed, long stream, long index) {
    int[] words = new int[4];
    block(seed, stream, index >>> 2, words);
    return toUniform(words[(int) (index & 3)]);
  }

  /**
   * Number {@code index} of a stream of normal numbers: Box and Muller's transform of the uniform numbers {@code 2j} and {@code 2j + 1} of the same
   * stream, {@code j = index / 2}; the cosine for even indices, the sine for odd ones. Computed in double, rounded to float.
   */
  public static float normal(long seed, long stream, long index) {
    int[] words = new int[4];
    block(seed, stream, index >>> 2, words);
    return toNormal(words, (int) (index & 3));
  }

  /** Normal number {@code lane} (0 to 3) of a block. */
  public static float toNormal(int[] words, int lane) {
    double radius = Math.sqrt(-2 * StrictMath.log(toUniform(words[lane & 2])));
    double angle = 2 * Math.PI * toUniform(words[(lane & 2) + 1]);
    return (float) (radius * ((lane & 1) == 0 ? StrictMath.cos(angle) : StrictMath.sin(angle)));
  }

  @Override
  public int nextInt() {
    int lane = (int) (position & 3);
    if (lane == 0) {
      block(seed, stream, position >>> 2, block);
    }
    position++;
    return block[lane];
  }

  @Override
  public long nextLong() {
    long high = nextInt();
    return (high << 32) | (nextInt() & 0xFFFFFFFFL);
  }
}
