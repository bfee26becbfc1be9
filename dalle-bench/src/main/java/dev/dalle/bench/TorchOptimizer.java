package dev.dalle.bench;

import dev.dalle.precision.optimizer.AdamWConfig;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * libtorch's fused AdamW, its fastest form: one pass over memory a parameter, as its Python class does with {@code fused=True}. Holds the state of a group of
 * parameters. Source of the formula: Loshchilov and Hutter 2019, arXiv 1711.05101.
 */
final class TorchOptimizer {
  private static final String SOURCE = """
      def update(values: List[Tensor], grads: List[Tensor], means: List[Tensor], variances: List[Tensor], steps: List[Tensor],
                 divisor: Optional[Tensor], step_size: float, beta1: float, beta2: float, decay: float, epsilon: float) -> int:
        none: List[Tensor] = []
        torch._foreach_add_(steps, 1)
        torch._fused_adamw_(values, grads, means, variances, none, steps, lr=step_size, beta1=beta1, beta2=beta2, weight_decay=decay, eps=epsilon,
                            amsgrad=False, maximize=False, grad_scale=divisor)
        return 0
      """;

  private final Script script = new Script("update", SOURCE);
  private final AdamWConfig config;
  private final double decay;
  private final IValue values;
  private final IValue means;
  private final IValue variances;
  private final IValue steps;

  /**
   * An optimizer that has made no update.
   *
   * @param values of one floating type, in which moments are kept too
   * @param decays whether the weight decay applies
   */
  TorchOptimizer(List<Tensor> values, AdamWConfig config, boolean decays) {
    if (!Double.isInfinite(config.varianceLimit())) {
      throw new IllegalArgumentException("varianceLimit: libtorch's AdamW has none, got " + config.varianceLimit());
    }
    this.config = config;
    this.decay = decays ? config.weightDecay() : 0;
    this.values = script.list(values);
    List<Tensor> mean = new ArrayList<>();
    List<Tensor> variance = new ArrayList<>();
    List<Tensor> step = new ArrayList<>();
    for (Tensor value : values) {
      mean.add(torch.zeros_like(value));
      variance.add(torch.zeros_like(value));
      step.add(Tensor.create(new float[] {0}).squeeze());
    }
    means = script.list(mean);
    variances = script.list(variance);
    steps = script.list(step);
  }

  /** One update. Gradients are in the order, shape and memory layout of the values. */
  void update(List<Tensor> gradients, double stepSize) {
    update(gradients, new IValue(), stepSize);
  }

  /** As {@link #update(List, double)} with gradients that are first divided by a number, in the same pass. */
  void update(List<Tensor> gradients, IValue divisor, double stepSize) {
    script.call(values, script.list(gradients), means, variances, steps, divisor, new IValue(stepSize), new IValue(config.beta1()), new IValue(config.beta2()),
        new IValue(decay), new IValue(config.epsilon()));
  }
}
