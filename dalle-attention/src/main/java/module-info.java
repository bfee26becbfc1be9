/**
 * Sparse attention, the transformer over caption and image tokens, and sampling from it (Ramesh et al. 2021, arXiv 2102.12092).
 *
 * <p>Run with {@code --add-modules jdk.incubator.vector}.
 *
 * @provides dev.dalle.tensor.OperationProvider attention on the processor
 */
module dev.dalle.attention {
  requires transitive dev.dalle.tensor;
  requires jdk.incubator.vector;

  exports dev.dalle.attention;

  provides dev.dalle.tensor.OperationProvider with dev.dalle.attention.internal.cpu.CpuAttentionProvider;
}
