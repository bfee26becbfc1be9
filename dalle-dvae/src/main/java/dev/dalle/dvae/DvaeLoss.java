package dev.dalle.dvae;

import dev.dalle.tensor.Tensor;

/**
 * A step's loss and what it is made of, each F32 {@code [1]} on the device. {@code loss = reconstruction + beta * divergence * positions / values}.
 *
 * @param loss what is minimised: the negative evidence lower bound in nats a value, with the divergence weighed by beta
 * @param reconstruction mean negative log-likelihood of a mapped pixel value, in nats
 * @param divergence mean Kullback-Leibler divergence of a position's code from the uniform distribution, in nats
 * @param logits F32 {@code [B, rows, columns, vocabulary]}, for measurements
 * @param maps F32 {@code [B, H, W, 6]}, for measurements
 */
public record DvaeLoss(Tensor loss, Tensor reconstruction, Tensor divergence, Tensor logits, Tensor maps) {}
