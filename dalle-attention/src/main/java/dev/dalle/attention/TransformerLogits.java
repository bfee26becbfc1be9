package dev.dalle.attention;

import dev.dalle.tensor.Tensor;

/**
 * Scores of the states that predict something, in 32 bits.
 *
 * @param text F32 {@code [N, V]}: for each real text token, caption after caption, the scores of the state before it
 * @param image F32 {@code [B, W * W, K]}: for each image token the scores of its cell's state
 */
public record TransformerLogits(Tensor text, Tensor image) {}
