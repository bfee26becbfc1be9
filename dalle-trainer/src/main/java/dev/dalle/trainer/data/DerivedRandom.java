package dev.dalle.trainer.data;

import java.util.random.RandomGenerator;

/**
 * A random generator for one numbered thing, such as a batch: the same draws for the same seed and numbers whenever and on
 * whatever thread they are made. SplitMix64, whose stream is fixed here and not by the Java version. One thread at a time.
 */
public final class DerivedRandom implements RandomGenerator {
  private long state;

  /**
   * @param seed of the run
   * @param numbers what the draws are for, in any number
   */
  public DerivedRandom(long seed, long... numbers) {
    long mixed = StableHash.mix(seed + 0x9e3779b97f4a7c15L);
    for (long number : numbers) {
      // The factor makes the order count: seed 3, batch 4 is not seed 4, batch 3.
      mixed = StableHash.mix(mixed * 0xd1342543de82ef95L + StableHash.mix(number + 0x9e3779b97f4a7c15L));
    }
    this.state = mixed;
  }

  @Override
  public long nextLong() {
    state += 0x9e3779b97f4a7c15L;
    return StableHash.mix(state);
  }
}
