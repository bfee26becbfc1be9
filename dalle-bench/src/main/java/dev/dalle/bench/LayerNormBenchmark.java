package dev.dalle.bench;

import dev.dalle.tensor.DType;
import org.openjdk.jmh.annotations.Param;

/** Layer normalisation and its gradients. */
public class LayerNormBenchmark extends SideBySide {
  /** Rows x width: a small transformer's stream and a wide one's. */
  @Param({"2432x192", "2560x512"})
  public String shape;

  /** Type of rows and gradients; gain, bias and statistics are F32. */
  @Param({"F32", "BF16"})
  public DType dtype;

  /** Whether the gradients are computed rather than the function. */
  @Param({"false", "true"})
  public boolean gradient;

  @Override
  protected Comparison comparison() {
    return new LayerNormComparison(shape, dtype, gradient);
  }
}
