package dev.dalle.precision.optimizer;

import dev.dalle.tensor.Philox;
import java.util.Objects;

/**
 * A checksum of moments, and how many of them their format could not hold. Reports of the shards of a parameter add up to that of the whole.
 *
 * <p>A checksum is the sum of {@code (2 j + 1) word} modulo 2^32 over all 32-bit words of a moment, j being the word's index in the whole parameter. A word is
 * a float, or two codes of 16 bits, the one of even index in its lower half; a shard that has one half only adds what that half contributes. Equal states have
 * equal checksums on any number of threads, shards and replicas; a single element that differs changes it.
 *
 * @param name of the parameter, or of a block of parameters
 * @param meanChecksum of the running mean
 * @param varianceChecksum of the running variance
 * @param meanBeyond elements of the mean that are saturated in 16 bits, or not finite in F32
 * @param varianceBeyond elements of the variance, likewise
 */
public record MomentReport(String name, int meanChecksum, int varianceChecksum, long meanBeyond, long varianceBeyond) {
  /** Checks. */
  public MomentReport {
    Objects.requireNonNull(name, "name");
    if (meanBeyond < 0 || varianceBeyond < 0) {
      throw new IllegalArgumentException(name + ": counts: expected at least 0, got " + meanBeyond + " and " + varianceBeyond);
    }
  }

  /** The report of both together, under this one's name: of two shards of a parameter, or of two blocks' parts. */
  public MomentReport plus(MomentReport other) {
    return new MomentReport(name, meanChecksum + other.meanChecksum, varianceChecksum + other.varianceChecksum, meanBeyond + other.meanBeyond,
        varianceBeyond + other.varianceBeyond);
  }

  /** This parameter's part in the report of a block: its checksums times an odd number that depends on its name, lest exchanged parameters go unnoticed. */
  MomentReport partOf(String block) {
    int odd = (int) Philox.stream(name.chars().asLongStream().toArray()) | 1;
    return new MomentReport(block, odd * meanChecksum, odd * varianceChecksum, meanBeyond, varianceBeyond);
  }

  /** Elements of both moments that their format could not hold: more than none means that a gradient was not finite or far too large. */
  public long beyond() {
    return meanBeyond + varianceBeyond;
  }

  /** Both checksums, 16 hexadecimal digits, for logs. */
  public String checksum() {
    return String.format("%08x%08x", meanChecksum, varianceChecksum);
  }
}
