package dev.dalle.tensor.cpu;

/** The threads that run a kernel. */
public interface CpuTeam {
  /** How many. */
  int threads();

  /**
   * Splits {@code [0, count)} into one contiguous range a thread, the same split whenever count, grain and number of threads are the
   * same, and runs the ranges at the same time. Returns when all are done; the first failure is thrown.
   *
   * @param grain ranges start at multiples of this, and ranges are not made shorter than this
   */
  void forRanges(long count, long grain, RangeBody body);

  /**
   * A small product for one thread of the team.
   *
   * @throws UnsupportedOperationException if this processor does not compute in the type; ask {@link CpuDevice#computesIn}
   */
  BlockProduct product(BlockProduct.Spec spec);

  /** Work on a range. */
  @FunctionalInterface
  interface RangeBody {
    /** Works on entries {@code from} (inclusive) to {@code to} (exclusive) as thread number {@code thread}. */
    void run(int thread, long from, long to);
  }
}
