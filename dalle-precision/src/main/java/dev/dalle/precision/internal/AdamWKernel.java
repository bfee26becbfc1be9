package dev.dalle.precision.internal;

import dev.dalle.precision.optimizer.AdamWConfig;
import dev.dalle.precision.optimizer.ValueUpdate;
import dev.dalle.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * AdamW over a range of elements, in one pass over memory: tile after tile of a size that stays in the first-level cache, the moments first, which leave the
 * direction of the step, then the values, then the checksums of the new moments. Each of these is a loop of its own, small enough for the compiler to keep
 * its vectors in registers.
 *
 * @param moments updates them
 * @param directions applies steps to values
 * @param shortMoments whether moments are codes of 16 bits
 * @param valueType of the values
 * @param update of values in 16 bits
 * @param key of this update's random bits
 */
record AdamWKernel(MomentKernel moments, ValueKernel directions, boolean shortMoments, DType valueType, ValueUpdate update, long key) {
  /** Elements of a tile; divides the grain of ranges. */
  static final int TILE = 1024;

  /** For update number t. */
  static AdamWKernel of(AdamWConfig config, boolean decays, double stepSize, float factor, int t, DType momentType, DType valueType, long key) {
    return new AdamWKernel(MomentKernel.of(config, factor, t), ValueKernel.of(config, decays, stepSize, t), momentType == DType.U16, valueType,
        config.valueUpdate(), key);
  }

  /**
   * Elements {@code from} to {@code to}.
   *
   * @param g gradient
   * @param p value
   * @param master value itself where there is no copy
   * @param m mean
   * @param v variance
   * @param first what is added to an element's index here to get that in the whole parameter
   * @param scratch checksums and counts of the range are added to its report
   */
  void run(MemorySegment g, MemorySegment p, MemorySegment master, MemorySegment m, MemorySegment v, long from, long to, long first, TileScratch scratch) {
    for (long at = from; at < to; at += TILE) {
      int count = (int) Math.min(TILE, to - at);
      if (shortMoments) {
        moments.codes(g, m, v, at, count, scratch.directions);
      } else {
        moments.floats(g, m, v, at, count, scratch.directions);
      }
      values(p, master, at, count, first, scratch);
      MomentSums.add(m, v, shortMoments, at, count, first, scratch.report);
    }
  }

  private void values(MemorySegment p, MemorySegment master, long at, int count, long first, TileScratch scratch) {
    switch (valueType) {
      case F16 -> {
        switch (update) {
          case MASTER_COPY -> {
            directions.floats(master, at, count, scratch.directions);
            Float16Values.round(master, p, at, count, scratch);
          }
          case NEAREST_EVEN -> Float16Values.step(directions, p, at, count, scratch);
          case STOCHASTIC -> Float16Values.stepByChance(directions, p, at, count, scratch, key, first);
        }
      }
      case BF16 -> {
        switch (update) {
          case MASTER_COPY -> {
            directions.floats(master, at, count, scratch.directions);
            Bfloat16Values.round(master, p, at, count);
          }
          case NEAREST_EVEN -> Bfloat16Values.step(directions, p, at, count, scratch.directions);
          case STOCHASTIC -> Bfloat16Values.stepByChance(directions, p, at, count, scratch.directions, key, first);
        }
      }
      default -> directions.floats(p, at, count, scratch.directions);
    }
  }
}
