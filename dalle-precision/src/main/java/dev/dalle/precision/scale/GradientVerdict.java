package dev.dalle.precision.scale;

import java.util.List;

/**
 * What an update came to.
 *
 * @param skipped whether parameters and moments stay as they are
 * @param norm of all gradients, unscaled and before clipping; not finite if the update is skipped
 * @param blocks names of the blocks in which a parameter's gradient was not all finite, here or on another replica
 * @param parameters names of those parameters, and of such in no block, in the optimizer's order
 * @param divided names of the blocks whose scale was divided for it; all blocks if they share a scale
 * @param counts what happened at both ends of each block since the last verdict, in order
 */
public record GradientVerdict(boolean skipped, float norm, List<String> blocks, List<String> parameters, List<String> divided, List<BlockCounts> counts) {
  /** Copies. */
  public GradientVerdict {
    blocks = List.copyOf(blocks);
    parameters = List.copyOf(parameters);
    divided = List.copyOf(divided);
    counts = List.copyOf(counts);
  }

  /** Whether the gradients were scaled down to the threshold. */
  public boolean clipped(double threshold) {
    return !skipped && norm > threshold;
  }
}
