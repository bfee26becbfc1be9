package dev.dalle.attention;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;

/**
 * The mean of the cross entropies of some rows, as one operation on a tape.
 *
 * @param mean F32 {@code [1]}, recorded
 * @param losses F32 {@code [N]}
 */
record MeanCrossEntropy(Tensor mean, Tensor losses) {
  /**
   * Computes.
   *
   * @param logits F32 {@code [N, V]}, N may be 0 for a mean of 0; overwritten when the tape goes backwards
   * @param targets {@code [N]}
   */
  static MeanCrossEntropy of(Tape tape, Tensor logits, int[] targets) {
    Scope scope = tape.scope();
    long count = targets.length;
    Tensor losses = scope.allocate(DType.F32, count);
    Tensor mean = scope.allocate(DType.F32, 1);
    if (count == 0) {
      tape.ops().fill(mean, 0);
      return new MeanCrossEntropy(mean, losses);
    }
    Tensor target = scope.of(targets, count);
    tape.ops().crossEntropy(logits, target, losses);
    tape.ops().sum(losses, mean, false);
    tape.ops().scale(mean, 1.0 / count, mean);
    tape.recordIfNeeded(mean, gradOut -> {
      // The incoming gradient is a number on the device; a gather spreads it over the rows without the host seeing it.
      Tensor weights = scope.allocate(DType.F32, count);
      Tensor zeros = scope.allocate(DType.I32, count);
      tape.ops().fill(zeros, 0);
      tape.ops().gatherRows(gradOut.reshape(1, 1), zeros, weights.reshape(count, 1), false);
      tape.ops().scale(weights, 1.0 / count, weights);
      tape.ops().crossEntropyGradient(logits, target, weights, logits);
      tape.accumulate(logits, logits);
      scope.release(zeros);
    }, logits);
    return new MeanCrossEntropy(mean, losses);
  }
}
