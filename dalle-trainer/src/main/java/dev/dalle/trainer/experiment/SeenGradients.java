package dev.dalle.trainer.experiment;

import dev.dalle.precision.scale.BlockHistograms;
import dev.dalle.precision.scale.GradientHistogram;
import java.util.ArrayList;
import java.util.List;

/** Sums histograms of gradients over the updates that are observed. One thread at a time. */
final class SeenGradients {
  /** Below 2^this fp16 has fewer bits the smaller a number is. */
  private static final int LEAST_NORMAL = -14;

  private final List<String> names;
  private final long[][] incoming;
  private final long[] inside;
  private final long[] zeros;
  private final long[] subnormal;

  SeenGradients(List<String> blocks) {
    names = List.copyOf(blocks);
    incoming = new long[blocks.size()][255];
    inside = new long[blocks.size()];
    zeros = new long[blocks.size()];
    subnormal = new long[blocks.size()];
  }

  /** Adds an update's. */
  void add(List<BlockHistograms> histograms) {
    for (int block = 0; block < names.size(); block++) {
      GradientHistogram along = histograms.get(block).incoming();
      for (int exponent = -127; exponent <= 127; exponent++) {
        incoming[block][exponent + 127] += along.at(exponent);
      }
      GradientHistogram within = histograms.get(block).inside();
      inside[block] += within.total();
      zeros[block] += within.zeros();
      subnormal[block] += within.below(LEAST_NORMAL);
    }
  }

  /**
   * What was seen.
   *
   * @param scales of the blocks, now
   */
  List<ScalingRun.Block> blocks(double[] scales) {
    List<ScalingRun.Block> blocks = new ArrayList<>();
    for (int block = 0; block < names.size(); block++) {
      double all = Math.max(1, inside[block]);
      blocks.add(new ScalingRun.Block(names.get(block), Math.log(scales[block]) / Math.log(2), median(incoming[block]), zeros[block] / all,
          subnormal[block] / all));
    }
    return blocks;
  }

  /** The exponent below which half of the elements lie; the least if there are none. */
  private static double median(long[] counts) {
    long total = 0;
    for (long count : counts) {
      total += count;
    }
    long below = 0;
    for (int exponent = 0; exponent < counts.length; exponent++) {
      below += counts[exponent];
      if (2 * below > total) {
        return exponent - 127;
      }
    }
    return -127;
  }
}
