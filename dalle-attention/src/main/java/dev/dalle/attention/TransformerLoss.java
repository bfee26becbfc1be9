package dev.dalle.attention;

import dev.dalle.tensor.Tensor;

/**
 * What a batch costs, in nats, on the device; reading a number waits for it.
 *
 * @param total F32 {@code [1]}, recorded on the tape: text loss times its share plus image loss times the rest
 * @param text F32 {@code [1]}, mean over the batch's real text tokens; 0 if there are none
 * @param image F32 {@code [1]}, mean over the batch's image tokens
 * @param textTokens F32 {@code [N]}: the loss of each real text token, caption after caption
 * @param imageTokens F32 {@code [B, W * W]}: the loss of each image token
 */
public record TransformerLoss(Tensor total, Tensor text, Tensor image, Tensor textTokens, Tensor imageTokens) {}
