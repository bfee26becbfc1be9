package dev.dalle.attention.internal.cpu;

import static dev.dalle.attention.internal.cpu.TileProduct.LANES;

import java.util.Arrays;

/**
 * Attention of one head of one sequence in float arrays. A tile of {@link BlockPlan#ROWS} queries holds the scores of all blocks that it needs, so the
 * softmax is the plain one; going backwards, probabilities are computed again from the stored log-sum-exp. Scores are in bits: queries come in
 * multiplied by {@code log2(e) / sqrt(D)}.
 */
final class HeadAttention {
  static final double LOG2_E = 1 / Math.log(2);
  private static final int ROWS = BlockPlan.ROWS;

  private HeadAttention() {}

  /**
   * From {@code q}, {@code kBlocks} and {@code v} to {@code out} and {@code logSumExp}.
   */
  static void forward(BlockPlan plan, int depth, HeadScratch s) {
    int width = HeadRows.padded(depth);
    for (int tile = 0; tile < plan.tiles(); tile++) {
      int queryAt = tile * ROWS;
      int count = plan.blocks[tile].length * LANES;
      scores(plan, tile, s.q, s.kBlocks, depth, s.p, s.scoreStride);
      mask(plan, tile, s);
      for (int r = 0; r < ROWS; r++) {
        int at = r * s.scoreStride;
        float greatest = ScoreRows.max(s.p, at, count);
        float sum = ScoreRows.exp2(s.p, at, count, greatest, s.lanes);
        ScoreRows.scale(s.p, at, count, 1 / sum);
        s.logSumExp[queryAt + r] = (float) ((greatest + Math.log(sum) * LOG2_E) / LOG2_E);
      }
      weightedRows(plan, tile, s.p, s.scoreStride, s.v, width, s.out);
    }
  }

  /**
   * From {@code q}, {@code k}, {@code kBlocks}, {@code vBlocks} and the output's gradient in {@code out} to {@code gradQ}, {@code gradK} and
   * {@code gradV}; the first two still lack constant factors. {@code logSumExp} must be finite in slots of padding.
   */
  static void backward(BlockPlan plan, int depth, HeadScratch s) {
    int width = HeadRows.padded(depth);
    Arrays.fill(s.gradK, 0, plan.slots() * width, 0);
    Arrays.fill(s.gradV, 0, plan.slots() * width, 0);
    for (int tile = 0; tile < plan.tiles(); tile++) {
      int queryAt = tile * ROWS;
      int count = plan.blocks[tile].length * LANES;
      scores(plan, tile, s.q, s.kBlocks, depth, s.p, s.scoreStride);
      mask(plan, tile, s);
      scores(plan, tile, s.out, s.vBlocks, depth, s.gradP, s.scoreStride);
      for (int r = 0; r < ROWS; r++) {
        int at = r * s.scoreStride;
        ScoreRows.exp2(s.p, at, count, (float) (s.logSumExp[queryAt + r] * LOG2_E), s.lanes);
        ScoreRows.softmaxGradient(s.p, s.gradP, at, count, ScoreRows.mean(s.p, s.gradP, at, count, s.lanes));
      }
      weightedRows(plan, tile, s.gradP, s.scoreStride, s.k, width, s.gradQ);
      weightedColumns(plan, tile, s.p, s.scoreStride, s.out, width, s.gradV);
      weightedColumns(plan, tile, s.gradP, s.scoreStride, s.q, width, s.gradK);
    }
  }

  /** {@code to[r][i] = a[query r] . b[key i]} over the blocks of a tile. */
  private static void scores(BlockPlan plan, int tile, float[] a, float[] b, int depth, float[] to, int stride) {
    int width = HeadRows.padded(depth);
    int[] blocks = plan.blocks[tile];
    int blockSize = depth * LANES;
    int i = 0;
    if (TileProduct.WIDE) {
      for (; i + 4 <= blocks.length; i += 4) {
        for (int r = 0; r < ROWS; r += 4) {
          TileProduct.by4(a, (tile * ROWS + r) * width, width, 1, b, blocks[i] * blockSize, blocks[i + 1] * blockSize, blocks[i + 2] * blockSize,
              blocks[i + 3] * blockSize, LANES, depth, to, r * stride + i * LANES, stride, false);
        }
      }
    }
    for (; i + 2 <= blocks.length; i += 2) {
      for (int r = 0; r < ROWS; r += 4) {
        TileProduct.by2(a, (tile * ROWS + r) * width, width, 1, b, blocks[i] * blockSize, blocks[i + 1] * blockSize, LANES, depth, to,
            r * stride + i * LANES, stride, false);
      }
    }
    for (; i < blocks.length; i++) {
      for (int r = 0; r < ROWS; r += 4) {
        TileProduct.by1(a, (tile * ROWS + r) * width, width, 1, b, blocks[i] * blockSize, LANES, depth, to, r * stride + i * LANES, stride, false);
      }
    }
  }

  private static void mask(BlockPlan plan, int tile, HeadScratch s) {
    int[] offsets = plan.maskOffsets[tile];
    for (int i = 0; i < offsets.length; i++) {
      if (offsets[i] != BlockPlan.UNMASKED) {
        ScoreRows.mask(s.p, i * LANES, s.scoreStride, plan.masks, offsets[i]);
      }
    }
  }

  /** {@code to[query r] = sum over keys of p[r][key] rows[key]}; runs of adjacent blocks are one product. */
  private static void weightedRows(BlockPlan plan, int tile, float[] p, int stride, float[] rows, int width, float[] to) {
    int[] blocks = plan.blocks[tile];
    int begin = 0;
    while (begin < blocks.length) {
      int end = begin + 1;
      while (end < blocks.length && blocks[end] == blocks[end - 1] + 1) {
        end++;
      }
      for (int r = 0; r < ROWS; r += 4) {
        TileProduct.columns(p, r * stride + begin * LANES, stride, 1, rows, blocks[begin] * LANES * width, width, (end - begin) * LANES, to,
            (tile * ROWS + r) * width, width, width, begin > 0);
      }
      begin = end;
    }
  }

  /** {@code to[key] += sum over queries of p[r][key] rows[query r]}. */
  private static void weightedColumns(BlockPlan plan, int tile, float[] p, int stride, float[] rows, int width, float[] to) {
    int[] blocks = plan.blocks[tile];
    for (int i = 0; i < blocks.length; i++) {
      for (int key = 0; key < LANES; key += 4) {
        TileProduct.columns(p, i * LANES + key, 1, stride, rows, tile * ROWS * width, width, ROWS, to, (blocks[i] * LANES + key) * width, width, width,
            true);
      }
    }
  }
}
