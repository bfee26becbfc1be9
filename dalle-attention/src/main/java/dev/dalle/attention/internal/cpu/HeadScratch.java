package dev.dalle.attention.internal.cpu;

/** Working memory of one thread for one head of one sequence; grows to the largest that was asked for and is used again. */
final class HeadScratch {
  /** Dense rows, {@code [slots][padded depth]}: queries times the scale, keys, values, and the output or its gradient. */
  float[] q = new float[0];

  float[] k = q;
  float[] v = q;
  float[] out = q;

  /** Keys and values in transposed blocks. */
  float[] kBlocks = q;

  float[] vBlocks = q;

  /** Gradients, {@code [slots][padded depth]}. */
  float[] gradQ = q;

  float[] gradK = q;
  float[] gradV = q;

  /** A tile's scores, then probabilities, {@code [ROWS][row stride]}; and the gradient of them. */
  float[] p = q;

  float[] gradP = q;

  /** Of each slot: the natural logarithm of the sum that its softmax divides by. */
  float[] logSumExp = q;

  /** One vector, to add up its lanes. */
  final float[] lanes = new float[TileProduct.LANES];

  /** Distance of a tile's rows; odd in vectors, so that rows do not fall into the same cache sets. */
  int scoreStride;

  void forward(BlockPlan plan, int depth) {
    int rows = plan.slots() * HeadRows.padded(depth);
    q = grown(q, rows);
    k = grown(k, rows);
    v = grown(v, rows);
    out = grown(out, rows);
    kBlocks = grown(kBlocks, plan.slots() * depth);
    scoreStride = (plan.widestTile | 1) * TileProduct.LANES;
    logSumExp = grown(logSumExp, plan.slots());
    p = grown(p, BlockPlan.ROWS * scoreStride);
  }

  void backward(BlockPlan plan, int depth) {
    forward(plan, depth);
    int rows = plan.slots() * HeadRows.padded(depth);
    vBlocks = grown(vBlocks, plan.slots() * depth);
    gradQ = grown(gradQ, rows);
    gradK = grown(gradK, rows);
    gradV = grown(gradV, rows);
    gradP = grown(gradP, p.length);
  }

  private static float[] grown(float[] array, int length) {
    return array.length >= length ? array : new float[length];
  }
}
