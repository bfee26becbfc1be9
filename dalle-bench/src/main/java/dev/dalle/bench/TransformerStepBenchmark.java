package dev.dalle.bench;

import dev.dalle.attention.TransformerConfig;
import dev.dalle.bench.TorchTransformer.AttentionForm;
import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** One update of stage two: forwards, backwards, clipping, AdamW, moving average. All activations are kept. */
public class TransformerStepBenchmark extends SideBySide {
  /** Which model. */
  @Param({"SMALL", "LONG"})
  public Model model;

  /** Type of the inside of blocks. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Models. */
  public enum Model {
    /** 40 + 64 states, 6 layers of width 256, batch 32: the trainer's preset for a quarter of an hour. */
    SMALL(TransformerConfig.of(40, 8, 2048, 512, 6, 256, 4), 32, 14),
    /** 64 + 256 states, where attention weighs more: 4 layers of width 256, batch 8. */
    LONG(TransformerConfig.of(64, 16, 4096, 1024, 4, 256, 4), 8, 24);

    private final TransformerConfig config;
    private final int batch;
    private final int captionLength;

    Model(TransformerConfig config, int batch, int captionLength) {
      this.config = config;
      this.batch = batch;
      this.captionLength = captionLength;
    }

    TransformerStepComparison comparison(DType dtype, AttentionForm form) {
      return new TransformerStepComparison(config, batch, captionLength, dtype, form);
    }
  }

  @Override
  protected Comparison comparison() {
    return model.comparison(dtype, AttentionForm.FUSED);
  }
}
