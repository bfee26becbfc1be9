/**
 * The transformer of stage two: sparse attention patterns, attention as an operation, the model over text and image tokens with its loss, and
 * sampling. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.2, 2.4 and 2.6, appendix B.
 *
 * <p>Purpose: {@link dev.dalle.attention.TransformerConfig} says how large; {@link dev.dalle.attention.Transformer} is trained by way of
 * {@link dev.dalle.attention.Transformer#loss}; {@link dev.dalle.attention.AttentionPattern} and
 * {@link dev.dalle.attention.Attention} serve other models as well.
 *
 * <p>Limits: the computation reads token numbers on the host and posts them to the device.
 */
package dev.dalle.attention;
