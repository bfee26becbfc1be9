package dev.dalle.attention.internal.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Working memory of one thread for one head of one sequence; grows to the largest that was asked for and is used again. Native, because products are computed
 * there. Rows of a head are dense, in the order of a plan's slots.
 */
final class StepScratch {
  /** Queries, keys, values, and the output's gradient: BF16 {@code [slots][depth]}. */
  MemorySegment q = MemorySegment.NULL;

  MemorySegment k = q;
  MemorySegment v = q;
  MemorySegment gradOut = q;

  /** The output before it is divided by the sums; F32 {@code [slots][depth]}. */
  MemorySegment out = q;

  /** Gradients, without constant factors; F32 {@code [slots][depth]}. */
  MemorySegment gradQ = q;

  MemorySegment gradK = q;
  MemorySegment gradV = q;

  /** A step's scores and the gradient of its probabilities, F32 {@code [rows][columns]}. */
  MemorySegment scores = q;

  MemorySegment gradP = q;

  /** A step's probabilities and the gradient of its scores, BF16 {@code [rows][columns]}. */
  MemorySegment p = q;

  MemorySegment gradScores = q;

  /** Of each slot: the greatest score, and the sum of the exponentials or of the weighted gradient. */
  float[] greatest = new float[0];

  float[] sums = greatest;

  /** Of each slot: the natural logarithm of the sum that its softmax divides by. */
  float[] logSumExp = greatest;

  /** Of each slot: what its rows are multiplied by when they leave. */
  float[] factors = greatest;

  void forward(StepPlan plan, int depth) {
    long numbers = (long) plan.slots() * depth;
    q = grown(q, numbers * Short.BYTES);
    k = grown(k, numbers * Short.BYTES);
    v = grown(v, numbers * Short.BYTES);
    out = grown(out, numbers * Float.BYTES);
    long pairs = (long) plan.mostRows * plan.columns;
    scores = grown(scores, pairs * Float.BYTES);
    p = grown(p, pairs * Short.BYTES);
    if (greatest.length < plan.slots()) {
      greatest = new float[plan.slots()];
      sums = new float[plan.slots()];
      logSumExp = new float[plan.slots()];
      factors = new float[plan.slots()];
    }
  }

  void backward(StepPlan plan, int depth) {
    forward(plan, depth);
    long numbers = (long) plan.slots() * depth;
    gradOut = grown(gradOut, numbers * Short.BYTES);
    gradQ = grown(gradQ, numbers * Float.BYTES);
    gradK = grown(gradK, numbers * Float.BYTES);
    gradV = grown(gradV, numbers * Float.BYTES);
    long pairs = (long) plan.mostRows * plan.columns;
    gradP = grown(gradP, pairs * Float.BYTES);
    gradScores = grown(gradScores, pairs * Short.BYTES);
  }

  private static MemorySegment grown(MemorySegment segment, long bytes) {
    return segment.byteSize() >= bytes ? segment : Arena.ofAuto().allocate(bytes, 64);
  }
}
