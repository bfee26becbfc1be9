package dev.dalle.precision.optimizer;

import dev.dalle.tensor.Tensor;

/**
 * The optimizer's operations on a device; {@code device.operations(OptimizerOps.class)} gives them. Posted, never waited for, deterministic.
 * Methods throw {@link dev.dalle.tensor.ShapeException} before anything is posted if shapes, types or devices do not fit.
 */
public interface OptimizerOps {
  /**
   * Norm of all gradients and the factor for each: {@code norm = gradientScale * sqrt(sum of squares)} and
   * {@code factor = gradientScale * min(1, threshold / norm)}; the factor is NaN, which means "do not update", if the norm is not finite. Computed in
   * double.
   *
   * @param squares F32 {@code [P]}: the sum of the squares of each parameter's gradient
   * @param gradientScale what gradients are to be multiplied by before anything else, positive
   * @param threshold greatest norm allowed, positive, may be infinite
   * @param normAndFactor F32 {@code [2]}, overwritten
   */
  void gradientFactor(Tensor squares, double gradientScale, double threshold, Tensor normAndFactor);

  /**
   * {@code updates += 1} if the factor is finite.
   *
   * @param gradientFactor F32, one element
   * @param updates I32, one element
   */
  void countUpdate(Tensor gradientFactor, Tensor updates);

  /**
   * One update of one parameter, its t-th. With {@code g = gradientFactor * gradient}:
   * <pre>{@code
   * mean     = beta1 * mean + (1 - beta1) * g
   * variance = min(beta2 * variance + (1 - beta2) * g * g, varianceLimit)
   * value    = value * (1 - stepSize * weightDecay)                    (the product only if decays)
   *          - stepSize * (mean / (1 - beta1^t)) / (sqrt(variance / (1 - beta2^t)) + epsilon)
   * }</pre>
   * Nothing is written if the factor is not finite.
   *
   * @param config constants
   * @param decays whether the weight decay applies
   * @param stepSize finite
   * @param gradientFactor F32, one element
   * @param updates I32, one element: t, at least 1
   * @param gradient F32
   * @param value F32, as many elements as {@code gradient}, updated
   * @param mean F32, as many elements, updated
   * @param variance F32, as many elements, updated
   */
  void adamW(AdamWConfig config, boolean decays, double stepSize, Tensor gradientFactor, Tensor updates, Tensor gradient, Tensor value, Tensor mean,
      Tensor variance);

  /**
   * {@code average += (1 - decay) * (value - average)}; exactly unchanged where both are equal.
   *
   * @param value F32
   * @param decay in [0, 1)
   * @param average F32, as many elements, updated
   */
  void average(Tensor value, double decay, Tensor average);
}
