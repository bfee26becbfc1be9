package dev.dalle.attention.internal.cpu;

import dev.dalle.attention.AttentionPattern;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which blocks of scores a pattern needs. States are laid out in slots so that the pattern's pairs lie close together: text first, then the image from
 * the next multiple of {@link #BLOCK} on, by rows, or by columns if the pattern attends by column. Slots are cut into tiles of {@link #BLOCK}
 * queries and blocks of as many keys; a block is computed for a tile if at least one of its pairs is allowed. All of it is read off
 * {@link AttentionPattern#attends}: a pattern needs no code of its own here, but for the order of its slots.
 *
 * <p>Some tiles that follow one another make a step, because products of many queries are faster. Scores of a step are stored with a key a row and a query a
 * column. Keys that all its tiles read have a row for all; then come, side by side, the keys of its halves, and of single tiles: different keys share a row there.
 * A stream that fits in one step is computed whole: its products are so small that their number decides, not their size.
 */
final class StepPlan {
  /** Queries of a tile and keys of a block, as in the authors' kernels. */
  static final int BLOCK = 32;

  /** Tiles of a step, a power of two. */
  private static final int TILES = 4;

  /** Queries of a step, but for a plan of one step. */
  private static final int STEP = TILES * BLOCK;

  /** Slots come in multiples of this, a multiple of the lanes of any vector; and masks are of so many rows. */
  static final int UNIT = 16;

  /** Keys of a run at most, so that few different products have to be made. */
  static final int LONGEST_RUN = 8 * BLOCK;

  /** Blocks that two tiles of a step must have in common to be computed for both at once: one block alone is better left to each tile, where it makes a run longer. */
  private static final int FEWEST_SHARED = 2;

  /** Marks rows all of whose pairs are allowed. */
  static final int UNMASKED = -1;

  /**
   * Scores that one product computes.
   *
   * @param keyAt slot of its first key
   * @param keys how many
   * @param queryAt slot of its first query
   * @param queries how many
   * @param at where its first score is among those of the step, in elements
   */
  record Run(int keyAt, int keys, int queryAt, int queries, int at) {}

  /**
   * Queries that are worked on together.
   *
   * @param queryAt slot of the first one
   * @param runs what to compute
   * @param rows rows of scores, a multiple of {@link #UNIT}
   * @param maskAt for each {@link #UNIT} rows where their mask begins in {@link StepPlan#masks}, or {@link #UNMASKED}
   */
  record Step(int queryAt, List<Run> runs, int rows, int[] maskAt) {}

  /** The state of each slot, -1 for a slot of padding; a multiple of {@link #columns}. */
  final int[] stateOfSlot;

  /** Queries of a step, which are the columns of its scores; a multiple of {@link #UNIT}. */
  final int columns;

  /** What to compute, in the order of the queries. */
  final List<Step> steps;

  /** Masks {@code [UNIT][columns]} of rows of scores: minus infinity where the pair is not allowed or was not computed, 0 elsewhere. */
  final float[] masks;

  /** The greatest number of rows of a step. */
  final int mostRows;

  private StepPlan(int[] stateOfSlot, int columns, List<Step> steps, float[] masks) {
    this.stateOfSlot = stateOfSlot;
    this.columns = columns;
    this.steps = List.copyOf(steps);
    this.masks = masks;
    this.mostRows = steps.stream().mapToInt(Step::rows).max().orElse(0);
  }

  int slots() {
    return stateOfSlot.length;
  }

  /** Pairs that are computed, allowed or not. */
  long computedPairs() {
    return steps.stream().flatMap(step -> step.runs().stream()).mapToLong(run -> (long) run.keys() * run.queries()).sum();
  }

  /** The plan for the first states of a pattern's stream. */
  static StepPlan of(AttentionPattern pattern, int states) {
    return new Maker(pattern, states).make();
  }

  private static final class Maker {
    private final AttentionPattern pattern;
    private final int[] stateOfSlot;
    private final int columns;
    private final List<float[]> masks = new ArrayList<>();
    private final Map<List<Float>, Integer> known = new HashMap<>();

    Maker(AttentionPattern pattern, int states) {
      this.pattern = pattern;
      boolean one = states <= STEP;
      stateOfSlot = SlotOrder.of(pattern, states, one ? 1 : BLOCK, one ? UNIT : STEP);
      columns = one ? stateOfSlot.length : STEP;
    }

    StepPlan make() {
      List<Step> steps = new ArrayList<>();
      if (stateOfSlot.length == columns) {
        steps.add(masked(0, columns, List.of(new Run(0, columns, 0, columns, 0))));
      } else {
        for (int queryAt = 0; queryAt < stateOfSlot.length; queryAt += columns) {
          steps.add(step(queryAt));
        }
      }
      float[] joined = new float[masks.size() * UNIT * columns];
      for (int i = 0; i < masks.size(); i++) {
        System.arraycopy(masks.get(i), 0, joined, i * UNIT * columns, UNIT * columns);
      }
      return new StepPlan(stateOfSlot, columns, steps, joined);
    }

    private Step step(int queryAt) {
      List<BitSet> needed = new ArrayList<>();
      for (int tile = 0; tile < TILES; tile++) {
        BitSet blocks = new BitSet();
        for (int block = 0; block < stateOfSlot.length / BLOCK; block++) {
          blocks.set(block, anyAllowed(queryAt + tile * BLOCK, block * BLOCK));
        }
        needed.add(blocks);
      }
      List<Run> runs = new ArrayList<>();
      int rows = BLOCK * place(needed, 0, TILES, queryAt, 0, runs);
      return masked(queryAt, rows, runs);
    }

    /** A step with the masks that its runs leave to be done. */
    private Step masked(int queryAt, int rows, List<Run> runs) {
      int[] keyOf = new int[rows * columns];
      Arrays.fill(keyOf, -1);
      for (Run run : runs) {
        for (int k = 0; k < run.keys(); k++) {
          Arrays.fill(keyOf, run.at() + k * columns, run.at() + k * columns + run.queries(), run.keyAt() + k);
        }
      }
      int[] maskAt = new int[rows / UNIT];
      for (int i = 0; i < maskAt.length; i++) {
        maskAt[i] = place(mask(queryAt, Arrays.copyOfRange(keyOf, i * UNIT * columns, (i + 1) * UNIT * columns)));
      }
      return new Step(queryAt, List.copyOf(runs), rows, maskAt);
    }

    /**
     * Gives places to the blocks that tiles {@code from} to {@code to} still need, which are taken from {@code needed}: first those that all of them need, then,
     * side by side, those of either half.
     *
     * @param block number of the first row of blocks that is free
     * @return number of the row of blocks after the last one used
     */
    private static int place(List<BitSet> needed, int from, int to, int queryAt, int block, List<Run> runs) {
      BitSet shared = (BitSet) needed.get(from).clone();
      needed.subList(from, to).forEach(shared::and);
      if (to - from > 1 && to - from < TILES && shared.cardinality() < FEWEST_SHARED) {
        shared.clear();
      }
      needed.subList(from, to).forEach(blocks -> blocks.andNot(shared));
      addRuns(shared.stream().toArray(), queryAt + from * BLOCK, (to - from) * BLOCK, block * BLOCK * STEP + from * BLOCK, runs);
      int next = block + shared.cardinality();
      int middle = (from + to) / 2;
      return to - from == 1 ? next
          : Math.max(place(needed, from, middle, queryAt, next, runs), place(needed, middle, to, queryAt, next, runs));
    }

    /** Blocks that follow one another become one run. */
    private static void addRuns(int[] blocks, int queryAt, int queries, int at, List<Run> runs) {
      int begin = 0;
      while (begin < blocks.length) {
        int end = begin + 1;
        while (end < blocks.length && blocks[end] == blocks[end - 1] + 1 && (end - begin) * BLOCK < LONGEST_RUN) {
          end++;
        }
        runs.add(new Run(blocks[begin] * BLOCK, (end - begin) * BLOCK, queryAt, queries, at + begin * BLOCK * STEP));
        begin = end;
      }
    }

    private boolean allowed(int querySlot, int keySlot) {
      int query = stateOfSlot[querySlot];
      int key = stateOfSlot[keySlot];
      return query >= 0 && key >= 0 && pattern.attends(query, key);
    }

    private boolean anyAllowed(int queryAt, int keyAt) {
      for (int q = 0; q < BLOCK; q++) {
        for (int k = 0; k < BLOCK; k++) {
          if (allowed(queryAt + q, keyAt + k)) {
            return true;
          }
        }
      }
      return false;
    }

    /**
     * The mask of some rows. Queries of padding may read whatever was computed: nothing is ever made of their results.
     *
     * @param keyOf {@code [UNIT][columns]}: the slot of each score's key, -1 where none was computed
     */
    private float[] mask(int queryAt, int[] keyOf) {
      float[] mask = new float[keyOf.length];
      for (int i = 0; i < mask.length; i++) {
        int query = queryAt + i % columns;
        boolean free = keyOf[i] >= 0 && (stateOfSlot[query] < 0 || allowed(query, keyOf[i]));
        mask[i] = free ? 0 : Float.NEGATIVE_INFINITY;
      }
      return mask;
    }

    private int place(float[] mask) {
      List<Float> key = new ArrayList<>(mask.length);
      boolean unmasked = true;
      for (float value : mask) {
        key.add(value);
        unmasked &= value == 0;
      }
      return unmasked ? UNMASKED : known.computeIfAbsent(key, fresh -> {
        masks.add(mask);
        return (masks.size() - 1) * mask.length;
      });
    }
  }
}
