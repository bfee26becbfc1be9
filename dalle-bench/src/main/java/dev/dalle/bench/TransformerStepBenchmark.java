package dev.dalle.bench;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** One update of stage two: forwards, backwards, clipping, AdamW, moving average. All activations are kept. */
public class TransformerStepBenchmark extends SideBySide {
  /** Which model. */
  @Param({"SMALL", "WIDE", "LONG", "WHOLE"})
  public Model model;

  /** Type of the inside of blocks. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Models. */
  public enum Model {
    /** 36 + 64 states, 4 layers of width 128, batch 16: the trainer's preset for a quarter of an hour. */
    SMALL(TransformerConfig.of(36, 8, 2048, 512, 4, 128, 4), 16, 14, AttentionForm.FUSED),
    /** 40 + 64 states, 6 layers of width 256, batch 32. */
    WIDE(TransformerConfig.of(40, 8, 2048, 512, 6, 256, 4), 32, 14, AttentionForm.FUSED),
    /** 64 + 256 states, where attention weighs more: 4 layers of width 256, batch 8. */
    LONG(TransformerConfig.of(64, 16, 4096, 1024, 4, 256, 4), 8, 24, AttentionForm.PRODUCTS),
    /** The paper's 256 + 1,024 states, 12 layers of width 512, batch 1. */
    WHOLE(TransformerConfig.of(256, 32, 16384, 8192, 12, 512, 8), 1, 24, AttentionForm.FUSED);

    private final TransformerConfig config;
    private final int batch;
    private final int captionLength;
    private final AttentionForm fastestInF32;

    Model(TransformerConfig config, int batch, int captionLength, AttentionForm fastestInF32) {
      this.config = config;
      this.batch = batch;
      this.captionLength = captionLength;
      this.fastestInF32 = fastestInF32;
    }

    TransformerStepComparison comparison(DType dtype, AttentionForm form) {
      return new TransformerStepComparison(config, batch, captionLength, dtype, form);
    }
  }

  /** libtorch's faster form of attention: which one that is in F32 depends on the length; in BF16 the fused one takes two to three times as long as the products. */
  @Override
  protected Comparison comparison() {
    return model.comparison(dtype, dtype == DType.F32 ? model.fastestInF32 : AttentionForm.PRODUCTS);
  }
}
