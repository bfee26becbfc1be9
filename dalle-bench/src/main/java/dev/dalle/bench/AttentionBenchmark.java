package dev.dalle.bench;

import dev.dalle.attention.AttentionPattern;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/**
 * Attention under the paper's masks over 256 text and 32 x 32 image states, 8 heads of 64. libtorch has no sparse form: its side computes every pair, with the
 * mask added to the scores.
 */
public class AttentionBenchmark extends SideBySide {
  /** Which mask. */
  @Param({"ROW", "COLUMN", "CONVOLUTION", "CAUSAL"})
  public Mask mask;

  /** Number of sequences. */
  @Param({"1", "4"})
  public int batch;

  /** Type of queries, keys and values. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Whether the gradient of queries, keys and values is computed too. */
  @Param({"false", "true"})
  public boolean gradient;

  /** The paper's masks, and the one without holes. */
  public enum Mask {
    /** A row of cells and the text. */
    ROW,
    /** The column above and the text. */
    COLUMN,
    /** A neighbourhood of 11 x 11 and the text. */
    CONVOLUTION,
    /** Everything before. */
    CAUSAL;

    AttentionPattern over(int text, int side) {
      return switch (this) {
        case ROW -> new AttentionPattern.Row(text, side);
        case COLUMN -> new AttentionPattern.Column(text, side);
        case CONVOLUTION -> new AttentionPattern.Convolution(text, side, Math.min(11, (side - 1) / 2 * 2 + 1));
        case CAUSAL -> new AttentionPattern.DenseCausal(text, side);
      };
    }
  }

  /** libtorch's faster form where it was measured: the fused one in F32, the products in BF16. */
  @Override
  protected Comparison comparison() {
    return new AttentionComparison(mask.over(256, 32), batch, 8, 64, dtype, gradient,
        dtype == DType.F32 ? AttentionForm.FUSED : AttentionForm.PRODUCTS);
  }
}
