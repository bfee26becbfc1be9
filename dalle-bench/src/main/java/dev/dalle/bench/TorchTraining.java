package dev.dalle.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Updates by libtorch: loss, autograd, clipping, fused AdamW, moving average. The multi-tensor forms of norm and average are used, and the clipping factor goes
 * into the fused update, so that gradients are read no more often than they must be.
 */
final class TorchTraining implements Formulation {
  /** A model's loss on a batch. */
  @FunctionalInterface
  interface Loss {
    /**
     * Computes.
     *
     * @param fixed whether to use the random numbers that both sides share, instead of new ones
     * @return one number
     */
    Tensor of(boolean fixed);
  }

  private static final Script DIVISOR = new Script("divisor", """
      def divisor(grads: List[Tensor], threshold: float) -> Tensor:
        norm = torch.norm(torch.stack(torch._foreach_norm(grads, 2)))
        return torch.clamp(norm / threshold, min=1.0)
      """);
  private static final Script AVERAGE = new Script("average", """
      def average(averages: List[Tensor], values: List[Tensor], share: float) -> int:
        torch._foreach_lerp_(averages, values, share)
        return 0
      """);

  private final List<Tensor> leaves;
  private final TensorVector vector;
  private final Loss loss;
  private final boolean[] decays;
  private final TorchOptimizer decaying;
  private final TorchOptimizer others;
  private final IValue values;
  private final IValue averages;

  /**
   * Nothing done yet.
   *
   * @param parameters F32 leaves that require gradients, by name
   * @param decays whether each decays
   */
  TorchTraining(Map<String, Tensor> parameters, boolean[] decays, Loss loss) {
    this.leaves = List.copyOf(parameters.values());
    this.vector = Torch.vector(leaves);
    this.loss = loss;
    this.decays = decays;
    decaying = new TorchOptimizer(chosen(leaves, true), Training.OPTIMIZER, true);
    others = new TorchOptimizer(chosen(leaves, false), Training.OPTIMIZER, false);
    values = AVERAGE.list(leaves);
    averages = AVERAGE.list(leaves.stream().map(leaf -> leaf.detach().clone()).toList());
  }

  private List<Tensor> chosen(List<Tensor> all, boolean decay) {
    List<Tensor> chosen = new ArrayList<>();
    for (int i = 0; i < decays.length; i++) {
      if (decays[i] == decay) {
        chosen.add(all.get(i));
      }
    }
    return chosen;
  }

  private List<Tensor> gradients(Tensor value) {
    TensorVector result = torch.grad(new TensorVector(value), vector);
    List<Tensor> gradients = new ArrayList<>();
    for (int i = 0; i < leaves.size(); i++) {
      gradients.add(result.get(i));
    }
    return gradients;
  }

  @Override
  public void run() {
    try (PointerScope scope = new PointerScope()) {
      List<Tensor> gradients = gradients(loss.of(false));
      try (NoGradGuard guard = new NoGradGuard()) {
        IValue divisor = DIVISOR.call(DIVISOR.list(gradients), new IValue(Training.CLIP_NORM));
        decaying.update(chosen(gradients, true), divisor, Training.STEP_SIZE);
        others.update(chosen(gradients, false), divisor, Training.STEP_SIZE);
        AVERAGE.call(averages, values, new IValue(1 - Training.AVERAGE_DECAY));
      }
    }
  }

  /** The loss with the shared random numbers, then every parameter's gradient. */
  @Override
  public List<float[]> results() {
    try (PointerScope scope = new PointerScope()) {
      Tensor value = loss.of(true);
      List<float[]> results = new ArrayList<>();
      results.add(Torch.floats(value));
      List<Tensor> gradients = gradients(value);
      for (int i = 0; i < gradients.size(); i++) {
        checkLayout(leaves.get(i), gradients.get(i));
        results.add(Torch.floats(gradients.get(i)));
      }
      return results;
    }
  }

  /** The fused update reads both in the order of memory. */
  private static void checkLayout(Tensor leaf, Tensor gradient) {
    for (long dim = 0; dim < leaf.dim(); dim++) {
      if (leaf.size(dim) > 1 && leaf.stride(dim) != gradient.stride(dim)) {
        throw new IllegalStateException("a gradient's layout differs from its parameter's in dimension " + dim + ": expected stride " + leaf.stride(dim)
            + ", got " + gradient.stride(dim));
      }
    }
  }

  @Override
  public void close() {
    // libtorch's tensors go with their Java objects.
  }
}
