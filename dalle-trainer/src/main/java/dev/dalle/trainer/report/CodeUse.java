package dev.dalle.trainer.report;

import java.util.Arrays;

/**
 * How often each code of a codebook was chosen. The array is copied.
 *
 * @param key its name for programs, see {@link Metric#key()}
 * @param title above it
 * @param counts one a code, none negative, at least one code
 */
public record CodeUse(String key, String title, long[] counts) implements Block {

  /** Checks and copies. */
  public CodeUse {
    Keys.require(key);
    if (counts.length == 0) {
      throw new IllegalArgumentException("counts: expected one a code, got none");
    }
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] < 0) {
        throw new IllegalArgumentException("counts: expected none negative, got " + counts[i] + " for code " + i);
      }
    }
    counts = counts.clone();
  }

  @Override
  public long[] counts() {
    return counts.clone();
  }

  /** How many codes were chosen at least once. */
  public int used() {
    return (int) Arrays.stream(counts).filter(count -> count > 0).count();
  }

  /** e to the entropy of the shares: the number of codes that, used equally, would carry as much. 1 if nothing was counted. */
  public double perplexity() {
    double total = Arrays.stream(counts).sum();
    double entropy = 0;
    for (long count : counts) {
      if (count > 0) {
        entropy -= count / total * Math.log(count / total);
      }
    }
    return Math.exp(entropy);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodeUse c && key.equals(c.key) && title.equals(c.title) && Arrays.equals(counts, c.counts);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * key.hashCode() + title.hashCode()) + Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return "CodeUse[" + key + ", " + counts.length + " codes, " + used() + " used]";
  }
}
