/**
 * The discrete variational autoencoder that turns pictures into tokens and back (Ramesh et al. 2021, arXiv 2102.12092, sections 2.1, A.1 to
 * A.3): encoder, decoder, relaxation, likelihood, objective, and pictures to tokens.
 *
 * <p>Run with {@code --add-modules jdk.incubator.vector --enable-native-access=dev.dalle.bindings}.
 *
 * @provides dev.dalle.tensor.OperationProvider {@link dev.dalle.dvae.DvaeOps} for the processor
 */
module dev.dalle.dvae {
  requires transitive dev.dalle.tensor;
  requires jdk.incubator.vector;

  exports dev.dalle.dvae;

  provides dev.dalle.tensor.OperationProvider with dev.dalle.dvae.internal.cpu.CpuDvaeProvider;
}
