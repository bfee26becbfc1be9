/**
 * Stage one of Ramesh et al. 2021, arXiv 2102.12092 (sections 2.1, A.1 to A.3): a discrete variational autoencoder.
 *
 * <p>{@link dev.dalle.dvae.DvaeConfig} says which one, {@link dev.dalle.dvae.Dvae} holds its two networks,
 * {@link dev.dalle.dvae.DvaeObjective} records one training step's loss on a tape, {@link dev.dalle.dvae.ImageTokens} turns pictures into
 * tokens and back. {@link dev.dalle.dvae.DvaeOps} are the operations that a device must bring, {@link dev.dalle.dvae.DvaeFunctions} the same
 * on a tape. {@link dev.dalle.dvae.DvaeWeights} reads the published weights, and others of their form. Images are {@code [batch, height, width, channels]} everywhere.
 */
package dev.dalle.dvae;
