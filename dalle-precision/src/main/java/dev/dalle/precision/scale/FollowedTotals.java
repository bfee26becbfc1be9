package dev.dalle.precision.scale;

import dev.dalle.tensor.Scope;
import dev.dalle.tensor.files.NamedTensor;
import dev.dalle.tensor.files.WideNumbers;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What all updates came to, on the host, and how it is kept between runs. */
final class FollowedTotals {
  private static final int NUMBERS = 6;

  private final BlockedParameters blocked;
  private final WideNumbers savedUpdates;
  private final WideNumbers savedCounts;
  private final WideNumbers savedNonfinite;
  private long updates;
  private long skipped;
  /** Of each block, the six numbers of {@link BlockCounts}. */
  private final long[] counts;
  private final long[] nonfinite;

  FollowedTotals(Scope scope, BlockedParameters blocked) {
    this.blocked = blocked;
    counts = new long[NUMBERS * blocked.names().size()];
    nonfinite = new long[blocked.parameters().size()];
    savedUpdates = WideNumbers.of(scope, "scaling.updates", 2);
    savedCounts = WideNumbers.of(scope, "scaling.counts", counts.length);
    savedNonfinite = WideNumbers.of(scope, "scaling.nonfinite", nonfinite.length);
  }

  void add(boolean skip, boolean[] flags, List<BlockCounts> blocks) {
    updates++;
    skipped += skip ? 1 : 0;
    for (int place = 0; place < flags.length; place++) {
      nonfinite[place] += flags[place] ? 1 : 0;
    }
    int at = 0;
    for (BlockCounts block : blocks) {
      counts[at++] += block.elements();
      counts[at++] += block.filtered();
      counts[at++] += block.overflowed();
      counts[at++] += block.underflowed();
      counts[at++] += block.leaving();
      counts[at++] += block.leavingFiltered();
    }
  }

  GradientTotals totals() {
    List<BlockCounts> blocks = new ArrayList<>();
    for (int block = 0; block < blocked.names().size(); block++) {
      int at = NUMBERS * block;
      blocks.add(new BlockCounts(blocked.names().get(block), counts[at], counts[at + 1], counts[at + 2], counts[at + 3], counts[at + 4], counts[at + 5]));
    }
    Map<String, Long> bad = new LinkedHashMap<>();
    for (int place = 0; place < nonfinite.length; place++) {
      if (nonfinite[place] > 0) {
        bad.put(blocked.parameters().get(place).name(), nonfinite[place]);
      }
    }
    return new GradientTotals(updates, skipped, blocks, bad);
  }

  List<NamedTensor> state() {
    return List.of(savedUpdates.write(updates, skipped), savedCounts.write(counts), savedNonfinite.write(nonfinite));
  }

  /** Where it is kept. */
  List<WideNumbers> kept() {
    return List.of(savedUpdates, savedCounts, savedNonfinite);
  }

  /** What was kept. */
  record Saved(long updates, long skipped, long[] counts, long[] nonfinite) {}

  /** Checks what was kept, and changes nothing. */
  Saved saved(Function<WideNumbers, long[]> source) {
    long[] both = counts(savedUpdates, source);
    if (both[1] > both[0]) {
      throw new IllegalArgumentException("scaling.updates: " + both[1] + " of " + both[0] + " updates skipped; the checkpoint is damaged");
    }
    Saved saved = new Saved(both[0], both[1], counts(savedCounts, source), counts(savedNonfinite, source));
    for (long bad : saved.nonfinite) {
      if (bad > saved.skipped) {
        throw new IllegalArgumentException("scaling.nonfinite: a gradient that was not finite in " + bad + " updates, of which " + saved.skipped
            + " were skipped; the checkpoint is damaged");
      }
    }
    return saved;
  }

  /** Numbers from 0 on. */
  static long[] counts(WideNumbers kept, Function<WideNumbers, long[]> source) {
    long[] counts = source.apply(kept);
    for (long count : counts) {
      if (count < 0) {
        throw new IllegalArgumentException(kept.name() + ": expected numbers from 0 on, got " + count + "; the checkpoint is damaged");
      }
    }
    return counts;
  }

  void restore(Saved saved) {
    updates = saved.updates;
    skipped = saved.skipped;
    System.arraycopy(saved.counts, 0, counts, 0, counts.length);
    System.arraycopy(saved.nonfinite, 0, nonfinite, 0, nonfinite.length);
  }
}
