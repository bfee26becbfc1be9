package dev.dalle.dvae;

import java.util.Arrays;

/**
 * How often each code was used. Immutable.
 *
 * <p>The perplexity is the exponential of the entropy of the codes' frequencies: the number of codes that would be in use if all of those were
 * equally frequent.
 */
public final class CodebookUse {
  private final long[] counts;

  private CodebookUse(long[] counts) {
    this.counts = counts;
  }

  /**
   * Nothing used yet.
   *
   * @throws IllegalArgumentException if there are no codes
   */
  public static CodebookUse none(int vocabulary) {
    if (vocabulary < 1) {
      throw new IllegalArgumentException("vocabulary: expected 1 or more, got " + vocabulary);
    }
    return new CodebookUse(new long[vocabulary]);
  }

  /**
   * These and some more.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary
   */
  public CodebookUse plus(int... ids) {
    long[] sums = counts.clone();
    for (int id : ids) {
      if (id < 0 || id >= sums.length) {
        throw new IllegalArgumentException("ids: expected 0 to " + (sums.length - 1) + ", got " + id);
      }
      sums[id]++;
    }
    return new CodebookUse(sums);
  }

  /** A copy of the number of times each code was used. */
  public long[] counts() {
    return counts.clone();
  }

  /** Number of ids counted. */
  public long total() {
    return Arrays.stream(counts).sum();
  }

  /** Number of codes used at least once. */
  public int used() {
    return (int) Arrays.stream(counts).filter(count -> count > 0).count();
  }

  /** Entropy of the frequencies in nats; 0 if nothing was counted. */
  public double entropy() {
    double total = total();
    return Arrays.stream(counts).filter(count -> count > 0).mapToDouble(count -> -count / total * Math.log(count / total)).sum();
  }

  /** {@code exp(entropy)}, from 1 to the size of the vocabulary. */
  public double perplexity() {
    return Math.exp(entropy());
  }
}
