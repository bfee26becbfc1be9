package dev.dalle.bench;

import dev.dalle.tensor.Philox;

/** Seeded inputs, the same for both sides. */
final class Inputs {
  private static final long SEED = 20211;

  private Inputs() {}

  /** Normal numbers of the given deviation; another stream gives others. */
  static float[] normal(long stream, double deviation, long count) {
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * Philox.normal(SEED, stream, i));
    }
    return values;
  }

  /** Uniform numbers in (0, 1). */
  static float[] uniform(long stream, long count) {
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Philox.uniform(SEED, stream, i);
    }
    return values;
  }

  /** Integers from 0 to below {@code limit}. */
  static int[] integers(long stream, int limit, long count) {
    int[] values = new int[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.min(limit - 1, (int) (limit * (double) Philox.uniform(SEED, stream, i)));
    }
    return values;
  }
}
