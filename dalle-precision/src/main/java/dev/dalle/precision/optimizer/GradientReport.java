package dev.dalle.precision.optimizer;

/**
 * What {@link GlobalNorm} measured.
 *
 * @param norm of all scaled gradients before clipping; not finite if one of them was not, or if it was too large for 32 bits
 * @param factor that the unscaled gradients are multiplied by; NaN if the norm is not finite
 */
public record GradientReport(float norm, float factor) {
  /** Whether the update is skipped. */
  public boolean skipped() {
    return !Float.isFinite(factor);
  }

  /** Whether the norm was above the threshold. */
  public boolean clipped(double threshold) {
    return !skipped() && norm > threshold;
  }
}
