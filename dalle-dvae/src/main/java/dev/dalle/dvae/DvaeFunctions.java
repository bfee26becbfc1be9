package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Tape;
import dev.dalle.tensor.Tensor;
import java.util.OptionalDouble;

/** {@link DvaeOps} on a tape: each is one recorded operation with its own gradient. Results are owned by the tape's scope. */
public final class DvaeFunctions {
  private DvaeFunctions() {}

  private static DvaeOps ops(Tape tape) {
    return tape.device().operations(DvaeOps.class);
  }

  /**
   * {@code factor * x + shift}.
   *
   * @param x F32
   * @param outType F32, F16 or BF16
   */
  public static Tensor affine(Tape tape, Tensor x, double factor, double shift, DType outType) {
    Tensor out = tape.scope().allocate(outType, x.shape());
    ops(tape).affine(x, factor, shift, out);
    return tape.recordIfNeeded(out, gradOut -> {
      Tensor gradIn = tape.scope().allocate(x.dtype(), x.shape());
      tape.ops().scale(gradOut, factor, gradIn);
      tape.accumulate(x, gradIn);
    }, x);
  }

  /**
   * {@link DvaeOps#gumbelSoftmax}. The noise is not kept; the gradient needs only the result.
   *
   * @param logits F32 {@code [N, K]}
   * @return F32 {@code [N, K]}
   */
  public static Tensor gumbelSoftmax(Tape tape, Tensor logits, double temperature, long seed, long stream) {
    Tensor code = tape.scope().allocate(DType.F32, logits.shape());
    ops(tape).gumbelSoftmax(logits, temperature, seed, stream, code);
    return tape.recordIfNeeded(code, gradCode -> {
      Tensor gradLogits = tape.scope().allocate(DType.F32, logits.shape());
      ops(tape).gumbelSoftmaxGradient(code, gradCode, temperature, gradLogits);
      tape.accumulate(logits, gradLogits);
    }, logits);
  }

  /**
   * Sum of {@link DvaeOps#logitLaplace} over all values, in nats. The pixels are data: they get no gradient.
   *
   * @param mapped F32 {@code [N, C]}, in (0, 1)
   * @param maps F32 {@code [N, 2 C]}
   * @return F32 {@code [1]}
   */
  public static Tensor logitLaplaceSum(Tape tape, Tensor mapped, Tensor maps, OptionalDouble minLogScale) {
    double bound = minLogScale.orElse(Double.NEGATIVE_INFINITY);
    Tensor losses = tape.scope().allocate(DType.F32, mapped.shape());
    ops(tape).logitLaplace(mapped, maps, bound, losses);
    Tensor sum = sumAndRelease(tape, losses);
    return tape.recordIfNeeded(sum, gradSum -> {
      Tensor gradMaps = tape.scope().allocate(DType.F32, maps.shape());
      ops(tape).logitLaplaceGradient(mapped, maps, bound, gradSum, gradMaps);
      tape.accumulate(maps, gradMaps);
    }, maps);
  }

  /**
   * Sum of {@link DvaeOps#uniformDivergence} over all rows, in nats.
   *
   * @param logits F32 {@code [N, K]}
   * @return F32 {@code [1]}
   */
  public static Tensor uniformDivergenceSum(Tape tape, Tensor logits) {
    Tensor divergences = tape.scope().allocate(DType.F32, logits.shape().rowCount());
    ops(tape).uniformDivergence(logits, divergences);
    Tensor sum = sumAndRelease(tape, divergences);
    return tape.recordIfNeeded(sum, gradSum -> {
      Tensor gradLogits = tape.scope().allocate(DType.F32, logits.shape());
      ops(tape).uniformDivergenceGradient(logits, gradSum, gradLogits);
      tape.accumulate(logits, gradLogits);
    }, logits);
  }

  private static Tensor sumAndRelease(Tape tape, Tensor values) {
    Tensor sum = tape.scope().allocate(DType.F32, 1);
    tape.ops().sum(values, sum, false);
    tape.scope().release(values);
    return sum;
  }
}
