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
   * Decides whether an update happens: if every factor is finite, {@code updates += 1} and {@code applied = factors}, else {@code applied = NaN}.
   *
   * @param factors F32: one element for all, or one for each of {@code applied}
   * @param updates I32, one element
   * @param applied F32 {@code [P]}, written
   */
  void countUpdate(Tensor factors, Tensor updates, Tensor applied);

  /**
   * One update of one parameter, its t-th. With {@code g = factor * gradient}:
   * <pre>{@code
   * mean     = beta1 * mean + (1 - beta1) * g
   * variance = min(beta2 * variance + (1 - beta2) * g * g, varianceLimit)
   * value    = value * (1 - stepSize * weightDecay)                    (the product only if decays)
   *          - stepSize * (mean / (1 - beta1^t)) / (sqrt(variance / (1 - beta2^t)) + epsilon)
   * }</pre>
   * Everything is computed in F32, with a master copy in the place of the value where there is one. Moments in 16 bits are decoded, and encoded again as
   * {@link dev.dalle.precision.format.FloatFormat} says; the step is made of the moments as they were before that rounding, so that the rounding of a moment
   * is felt through its history alone, and a first update is the same for both kinds of moments (so do the published kernels of the paper's group:
   * blocksparse, apply_adam). A value in 16 bits is rounded as the configuration says. Then the report is written as {@link #countMoments} does.
   *
   * <p>Nothing is written if the factor is not finite.
   *
   * @param config constants
   * @param stepSize finite, at least 0
   * @param factor F32, one element
   * @param updates I32, one element: t, at least 1
   * @param gradient F32
   * @param tensors each but the report with as many elements as the gradient; updated
   */
  void adamW(AdamWConfig config, double stepSize, Tensor factor, Tensor updates, Tensor gradient, AdamWTensors tensors);

  /**
   * Checksums of moments and the number of elements that their format could not hold, see {@link MomentReport}: in this order those of the mean and of the
   * variance, then the two numbers.
   *
   * @param mean F32, or U16 with codes of 1-6-9
   * @param variance F32, or U16 with codes of 0-6-10, as {@code mean}; as many elements
   * @param place where the elements lie in the whole parameter
   * @param report I32 {@code [4]}, overwritten
   */
  void countMoments(Tensor mean, Tensor variance, ShardPlace place, Tensor report);

  /**
   * {@code average += (1 - decay) * (value - average)}; exactly unchanged where both are equal.
   *
   * @param value F32, F16 or BF16
   * @param decay in [0, 1)
   * @param average F32, as many elements, updated
   */
  void average(Tensor value, double decay, Tensor average);
}
