package dev.dalle.precision.scale;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What all updates so far came to.
 *
 * @param updates those that were skipped included
 * @param skipped of them
 * @param blocks what happened at both ends of each block, in order
 * @param nonfinite for each parameter whose gradient was not finite in some update, by name, in how many
 */
public record GradientTotals(long updates, long skipped, List<BlockCounts> blocks, Map<String, Long> nonfinite) {
  /** Copies. */
  public GradientTotals {
    blocks = List.copyOf(blocks);
    nonfinite = Collections.unmodifiableMap(new LinkedHashMap<>(nonfinite));
  }
}
