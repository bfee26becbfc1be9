package dev.dalle.dvae;

import dev.dalle.tensor.DType;
import dev.dalle.tensor.Device;
import dev.dalle.tensor.Ops;
import dev.dalle.tensor.Scope;
import dev.dalle.tensor.Tensor;

/**
 * The most probable code of every position, without all of its logits. The last convolution of the encoder is in 32 bits and a fifth of all the time where
 * the others are in 16. But its products in 16 bits tell which few codes can be the greatest, and only those are computed in 32
 * ({@link DvaeOps#argmaxLinear}): the same codes for half of the time, and no logits in memory.
 */
final class CodeChoice {
  /** Below this many multiplications the detour does not pay. */
  private static final long LEAST_WORK = 1L << 28;
  /** Rows whose products are in memory at a time: 8 MiB for 8192 codes. */
  private static final long ROWS = 256;

  private CodeChoice() {}

  /** Whether {@link #choose} is the faster way on a device. */
  static boolean pays(Device device, Tensor rows, Tensor weight) {
    return device.computesIn(DType.BF16) && rows.elementCount() * weight.dim(0) >= LEAST_WORK;
  }

  /**
   * {@code ids[n] = argmax_k(rows[n] . weight[k] + bias[k])}.
   *
   * @param rows F32 {@code [N, C]}
   * @param weight F32 {@code [K, C]}
   * @param bias F32 {@code [K]}
   * @param ids I32 {@code [N]}, overwritten
   */
  static void choose(Device device, Tensor rows, Tensor weight, Tensor bias, Tensor ids) {
    Ops ops = device.ops();
    DvaeOps own = device.operations(DvaeOps.class);
    long count = rows.dim(0);
    long codes = weight.dim(0);
    try (Scope scope = device.newScope()) {
      Tensor weightNorms = norms(scope, own, weight);
      Tensor rowNorms = norms(scope, own, rows);
      Tensor rounded = rounded(scope, ops, weight);
      for (long from = 0; from < count; from += ROWS) {
        long to = Math.min(count, from + ROWS);
        try (Scope inner = device.newScope()) {
          Tensor part = rows.slice(from, to);
          Tensor products = inner.allocate(DType.F32, to - from, codes);
          ops.matmul(rounded(inner, ops, part), false, rounded, true, 1, products, false);
          own.argmaxLinear(part, rowNorms.slice(from, to), weight, weightNorms, bias, products, ids.slice(from, to));
        }
      }
    }
  }

  private static Tensor norms(Scope scope, DvaeOps own, Tensor x) {
    Tensor norms = scope.allocate(DType.F32, x.dim(0), 2);
    own.roundingNorms(x, norms);
    return norms;
  }

  private static Tensor rounded(Scope scope, Ops ops, Tensor x) {
    Tensor rounded = scope.allocate(DType.BF16, x.shape());
    ops.copy(x, rounded);
    return rounded;
  }
}
