package dev.dalle.bench;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/**
 * Scores of all 1,024 tokens of an image, one after the other, with keys and values kept: 12 layers of width 512, 8 heads, 256 text states. A call draws whole
 * images; captions are read within it.
 */
public class DrawingBenchmark extends SideBySide {
  /** Images at a time. */
  @Param({"1", "8"})
  public int batch;

  /** Type of the inside of blocks. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** libtorch's form of attention: its fused one is the faster in F32, but for one image, and the products in BF16. */
  @Override
  protected Comparison comparison() {
    return new DrawingComparison(TransformerConfig.of(256, 32, 16384, 8192, 12, 512, 8), batch, dtype,
        dtype == DType.F32 && batch > 1 ? AttentionForm.FUSED : AttentionForm.PRODUCTS);
  }
}
