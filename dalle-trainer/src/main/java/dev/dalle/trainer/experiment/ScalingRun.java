package dev.dalle.trainer.experiment;

import java.util.List;

/**
 * What one run of the experiment came to, as a file keeps it.
 *
 * @param format {@link #FORMAT}
 * @param version {@link #VERSION}
 * @param arm key of {@link ScalingArm}
 * @param seed of weights and batches
 * @param config that it was made with
 * @param losses of each update, nats a token
 * @param heldOut loss of held-out examples at the end, computed in 32 bits
 * @param skipped updates that were skipped
 * @param seconds it took
 * @param blocks in order
 */
record ScalingRun(String format, int version, String arm, long seed, GradientScalingConfig config, List<Double> losses, double heldOut, long skipped,
    double seconds, List<Block> blocks) {
  static final String FORMAT = "dalle-gradient-scaling";
  static final int VERSION = 1;

  /**
   * What was seen of a resblock in the updates that were observed.
   *
   * @param name of the block
   * @param log2Scale in the last update
   * @param log2Incoming median of log2 |x| of the gradient that comes along the stream, before it is scaled
   * @param zeros share of the elements of gradients inside the block that are zero
   * @param subnormal share of those that are not zero and below 2^-14, where fp16 loses bits
   */
  record Block(String name, double log2Scale, double log2Incoming, double zeros, double subnormal) {}

  /** Copies. */
  ScalingRun {
    losses = List.copyOf(losses);
    blocks = List.copyOf(blocks);
  }

  /** Mean loss of the last tenth of the updates. */
  double lastLoss() {
    int from = losses.size() - Math.max(1, losses.size() / 10);
    return losses.subList(from, losses.size()).stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }
}
