package dev.dalle.precision.scale;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.GradientFilter;
import dev.dalle.tensor.GradientObserver;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Shape;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What is done with gradients at both ends of each block, the counts of it, and, in updates that are observed, histograms of what flows in between. Everything is
 * posted; the host knows numbers of elements only.
 */
final class GradientHooks implements GradientObserver {
  /** Ends of a block, as the counts have them. */
  private static final int INCOMING = 0;
  private static final int LEAVING = 1;
  private static final int INSIDE = 1;
  private static final int NOWHERE = -1;

  private final List<String> names;
  private final GradientOps ops;
  private final Tensor counts;
  private final Tensor[] countsOfEnd;
  private final Tensor histograms;
  private final Tensor[] histogramOf;
  private final long[] elements;
  private boolean observing;
  /** The block that the gradient is in while a tape runs backwards. */
  private int inside = NOWHERE;
  /** The scaled block whose branch is being computed. */
  private int running = NOWHERE;
  /** Inputs of branches, whose gradients have left the block's computation. */
  private final Set<Tensor> inputs = Collections.newSetFromMap(new IdentityHashMap<>());
  private Optional<Tensor> seen = Optional.empty();

  /** Owns counts and histograms in a scope. */
  GradientHooks(Scope scope, List<String> names) {
    this.names = names;
    this.ops = scope.device().operations(GradientOps.class);
    this.counts = scope.zeros(DType.I32, Shape.of(2L * names.size(), GradientOps.COUNTS));
    this.histograms = scope.zeros(DType.I32, Shape.of(2L * names.size(), GradientOps.BINS));
    this.countsOfEnd = rows(counts);
    this.histogramOf = rows(histograms);
    this.elements = new long[countsOfEnd.length];
  }

  private static Tensor[] rows(Tensor table) {
    Tensor[] rows = new Tensor[Math.toIntExact(table.dim(0))];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = table.slice(i, i + 1);
    }
    return rows;
  }

  /**
   * A block whose gradients are scaled: the sum's gradient is multiplied by the scale, filtered and only then converted; the branch's input's is divided by it and
   * filtered. The stream's own gradient is neither. Source: Ramesh et al. 2021, arXiv 2102.12092, Figure 4.
   */
  Tensor scaled(Tape tape, int block, Tensor x, Branch branch, double scale) {
    Tensor input = tape.filterGradient(x, (gradient, out) -> {
      leave(block, gradient);
      ops.scaleFinite(gradient, 1 / scale, out, countsOfEnd[2 * block + LEAVING]);
    });
    Tensor result = apply(block, branch, tape, input);
    watch(tape, x, input);
    return tape.add(x, result, (gradient, out) -> {
      enter(block, gradient);
      ops.scaleFinite(gradient, scale, out, countsOfEnd[2 * block + INCOMING]);
    });
  }

  private Tensor apply(int block, Branch branch, Tape tape, Tensor input) {
    if (running != NOWHERE) {
      throw new IllegalStateException("block: " + names.get(block) + " runs within the branch of " + names.get(running)
          + ", so its gradients would carry both scales; run one after the other, or make one block of them");
    }
    running = block;
    try {
      return branch.apply(tape, input);
    } finally {
      running = NOWHERE;
    }
  }

  /** A block whose gradients are converted as usual, and counted where they are. */
  Tensor counted(Tape tape, int block, Tensor x, Branch branch) {
    if (observing) {
      return observed(tape, block, x, branch);
    }
    Tensor result = branch.apply(tape, x);
    return result.dtype() == x.dtype() ? tape.add(x, result) : tape.add(x, result, countedInto(block));
  }

  /** A block that is left alone. */
  Tensor plain(Tape tape, int block, Tensor x, Branch branch) {
    return observing ? observed(tape, block, x, branch) : tape.add(x, branch.apply(tape, x));
  }

  private Tensor observed(Tape tape, int block, Tensor x, Branch branch) {
    Tensor input = tape.filterGradient(x, (gradient, out) -> {
      leave(block, gradient);
      tape.ops().copy(gradient, out);
    });
    Tensor result = branch.apply(tape, input);
    watch(tape, x, input);
    return tape.add(x, result, countedInto(block));
  }

  private GradientFilter countedInto(int block) {
    return (gradient, out) -> {
      enter(block, gradient);
      ops.scaleCounted(gradient, 1, out, countsOfEnd[2 * block + INCOMING]);
    };
  }

  private void enter(int block, Tensor gradient) {
    elements[2 * block + INCOMING] += gradient.elementCount();
    if (observing) {
      ops.exponents(gradient, histogramOf[2 * block]);
      inside = block;
    }
  }

  private void leave(int block, Tensor gradient) {
    elements[2 * block + LEAVING] += gradient.elementCount();
    inside = NOWHERE;
  }

  private void watch(Tape tape, Tensor x, Tensor input) {
    if (observing && tape.isRecording()) {
      tape.observe(this);
      if (input != x) {
        inputs.add(input);
      }
    }
  }

  @Override
  public void observe(Tensor result, Tensor gradient) {
    // A view's gradient is that of what it is a view of, told once more.
    if (inside != NOWHERE && !inputs.contains(result) && seen.filter(gradient::sameElements).isEmpty()) {
      ops.exponents(gradient, histogramOf[2 * inside + INSIDE]);
      seen = Optional.of(gradient);
    }
  }

  /** Observes from now to {@link #endUpdate}. */
  void startObserving() {
    histograms.device().ops().fill(histograms, 0);
    observing = true;
  }

  void endUpdate() {
    observing = false;
    inside = NOWHERE;
    inputs.clear();
    seen = Optional.empty();
  }

  List<BlockHistograms> histograms() {
    int[] values = histograms.toInts();
    List<BlockHistograms> all = new ArrayList<>();
    for (int block = 0; block < names.size(); block++) {
      all.add(new BlockHistograms(names.get(block), histogram(values, 2 * block), histogram(values, 2 * block + INSIDE)));
    }
    return all;
  }

  private static GradientHistogram histogram(int[] values, int row) {
    return new GradientHistogram(Arrays.copyOfRange(values, row * GradientOps.BINS, (row + 1) * GradientOps.BINS));
  }

  /** How many floats {@link #takeCounts} writes. */
  int takenLength() {
    return Math.toIntExact(2 * counts.elementCount());
  }

  /** Posts that the counts be moved to where a host reads them. */
  void takeCounts(Tensor out) {
    if (counts.elementCount() > 0) {
      ops.takeCounts(counts, out);
    }
  }

  /** What was taken, from a place in what the host read on; numbers of elements start again. */
  List<BlockCounts> counts(float[] taken, int from) {
    List<BlockCounts> all = new ArrayList<>();
    for (int block = 0; block < names.size(); block++) {
      int incoming = 2 * block + INCOMING;
      int leaving = 2 * block + LEAVING;
      all.add(new BlockCounts(names.get(block), elements[incoming], count(taken, from, incoming, GradientOps.NONFINITE),
          count(taken, from, incoming, GradientOps.OVERFLOWED), count(taken, from, incoming, GradientOps.UNDERFLOWED), elements[leaving],
          count(taken, from, leaving, GradientOps.NONFINITE)));
    }
    Arrays.fill(elements, 0);
    return all;
  }

  private static long count(float[] taken, int from, int end, int which) {
    int at = from + 2 * (end * GradientOps.COUNTS + which);
    return 65_536L * (long) taken[at] + (long) taken[at + 1];
  }
}
