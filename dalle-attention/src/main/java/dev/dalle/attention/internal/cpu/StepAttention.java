package dev.dalle.attention.internal.cpu;

import static dev.dalle.attention.internal.cpu.StepScores.LANES;

import dev.dalle.attention.internal.cpu.StepPlan.Run;
import dev.dalle.attention.internal.cpu.StepPlan.Step;
import dev.dalle.tensor.DType;
import dev.dalle.tensor.cpu.CpuTeam;
import dev.dalle.tensor.cpu.BlockProduct;
import dev.dalle.tensor.cpu.BlockProduct.Spec;
import dev.dalle.tensor.cpu.BlockProduct.Strides;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * Attention of one head of one sequence. A step of queries holds the scores of all keys that it needs, so the softmax is the plain
 * one; going backwards, probabilities are computed again from the stored log-sum-exp. Products are of BF16, with sums in F32; all
 * else is F32. Any number of threads may use one at the same time, each with its own scratch.
 */
final class StepAttention {
  static final double LOG2_E = 1 / Math.log(2);

  /** The products of all runs of one shape; letters as in {@link #forward} and {@link #backward}. */
  private record Products(BlockProduct scores, BlockProduct keysToQueries, BlockProduct queriesToKeys) {
    static Products of(Shape shape, int columns, int depth, CpuTeam team) {
      Strides rows = Strides.rows(depth);
      return new Products(
          team.product(new Spec(DType.BF16, shape.keys(), depth, shape.queries(), rows, Strides.columns(depth), columns, false)),
          team.product(new Spec(DType.BF16, shape.queries(), shape.keys(), depth, Strides.columns(columns), rows, depth, true)),
          team.product(new Spec(DType.BF16, shape.keys(), shape.queries(), depth, Strides.rows(columns), rows, depth, true)));
    }
  }

  private record Shape(int keys, int queries) {}

  private final StepPlan plan;
  private final int depth;
  /** For each step and run. */
  private final Products[][] products;
  /** From products of queries and keys to scores in bits. */
  private final float factor;

  /** Makes the products, which takes some milliseconds for each new shape. */
  StepAttention(StepPlan plan, int depth, CpuTeam team) {
    this.plan = plan;
    this.depth = depth;
    this.factor = (float) (LOG2_E / Math.sqrt(depth));
    Map<Shape, Products> made = new HashMap<>();
    products = plan.steps.stream().map(step -> step.runs().stream()
        .map(run -> made.computeIfAbsent(new Shape(run.keys(), run.queries()), shape -> Products.of(shape, plan.columns, depth, team)))
        .toArray(Products[]::new)).toArray(Products[][]::new);
  }

  StepPlan plan() {
    return plan;
  }

  /**
   * From {@code q}, {@code k} and {@code v} to {@code out}, which still has to be multiplied by {@code factors}, and {@code logSumExp}. What slots of padding get
   * means nothing.
   */
  void forward(StepScratch s) {
    s.out.asSlice(0, (long) plan.slots() * depth * Float.BYTES).fill((byte) 0);
    for (int i = 0; i < products.length; i++) {
      Step step = plan.steps.get(i);
      scores(step, products[i], s.k, s.q, s.scores);
      mask(step, s);
      for (int column = 0; column < plan.columns; column += LANES) {
        StepScores.greatest(s.scores, column, step.rows(), plan.columns, s.greatest, step.queryAt() + column);
        StepScores.exponentials(s.scores, column, step.rows(), plan.columns, s.greatest, step.queryAt() + column, factor, s.scores, s.sums);
      }
      StepScores.round(s.scores, step.rows(), plan.columns, s.p);
      for (int r = 0; r < products[i].length; r++) {
        Run run = step.runs().get(r);
        products[i][r].keysToQueries().multiply(at(s.p, run.at()), rows(s.v, run.keyAt()), floats(s.out, run.queryAt()));
      }
    }
    for (int slot = 0; slot < plan.slots(); slot++) {
      s.factors[slot] = 1 / s.sums[slot];
      s.logSumExp[slot] = (float) (s.greatest[slot] * (double) factor / LOG2_E + Math.log(s.sums[slot]));
    }
  }

  /**
   * From {@code q}, {@code k}, {@code v}, {@code gradOut} and {@code logSumExp} (finite in slots of padding) to {@code gradQ} and {@code gradK}, which still have
   * to be divided by the root of the depth, and {@code gradV}.
   */
  void backward(StepScratch s) {
    long bytes = (long) plan.slots() * depth * Float.BYTES;
    s.gradQ.asSlice(0, bytes).fill((byte) 0);
    s.gradK.asSlice(0, bytes).fill((byte) 0);
    s.gradV.asSlice(0, bytes).fill((byte) 0);
    for (int slot = 0; slot < plan.slots(); slot++) {
      s.greatest[slot] = (float) (s.logSumExp[slot] * LOG2_E / factor);
    }
    for (int i = 0; i < products.length; i++) {
      Step step = plan.steps.get(i);
      scores(step, products[i], s.k, s.q, s.scores);
      mask(step, s);
      scores(step, products[i], s.v, s.gradOut, s.gradP);
      for (int column = 0; column < plan.columns; column += LANES) {
        int at = step.queryAt() + column;
        StepScores.exponentials(s.scores, column, step.rows(), plan.columns, s.greatest, at, factor, s.scores, s.sums);
        StepScores.means(s.scores, s.gradP, column, step.rows(), plan.columns, s.sums, at);
        StepScores.gradient(s.scores, s.gradP, column, step.rows(), plan.columns, s.sums, at);
      }
      StepScores.round(s.scores, step.rows(), plan.columns, s.p);
      StepScores.round(s.gradP, step.rows(), plan.columns, s.gradScores);
      for (int r = 0; r < products[i].length; r++) {
        Run run = step.runs().get(r);
        Products product = products[i][r];
        product.queriesToKeys().multiply(at(s.p, run.at()), rows(s.gradOut, run.queryAt()), floats(s.gradV, run.keyAt()));
        product.queriesToKeys().multiply(at(s.gradScores, run.at()), rows(s.q, run.queryAt()), floats(s.gradK, run.keyAt()));
        product.keysToQueries().multiply(at(s.gradScores, run.at()), rows(s.k, run.keyAt()), floats(s.gradQ, run.queryAt()));
      }
    }
  }

  /** {@code to[key][query] = a[key] . b[query]} over the runs of a step. */
  private void scores(Step step, Products[] products, MemorySegment a, MemorySegment b, MemorySegment to) {
    for (int r = 0; r < products.length; r++) {
      Run run = step.runs().get(r);
      products[r].scores().multiply(rows(a, run.keyAt()), rows(b, run.queryAt()), to.asSlice((long) run.at() * Float.BYTES));
    }
  }

  private void mask(Step step, StepScratch s) {
    for (int i = 0; i < step.maskAt().length; i++) {
      if (step.maskAt()[i] != StepPlan.UNMASKED) {
        StepScores.mask(s.scores, i * StepPlan.UNIT, plan.columns, plan.masks, step.maskAt()[i]);
      }
    }
  }

  private MemorySegment at(MemorySegment numbers, long element) {
    return numbers.asSlice(element * Short.BYTES);
  }

  private MemorySegment rows(MemorySegment rows, int slot) {
    return rows.asSlice((long) slot * depth * Short.BYTES);
  }

  private MemorySegment floats(MemorySegment rows, int slot) {
    return rows.asSlice((long) slot * depth * Float.BYTES);
  }
}
