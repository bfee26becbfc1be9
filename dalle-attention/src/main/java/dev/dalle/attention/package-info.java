/**
 * The transformer of stage two: sparse attention patterns, attention as an operation, the model over text and image tokens with its loss, and
 * sampling. Source: Ramesh et al. 2021, arXiv 2102.12092, sections 2.2, 2.4 and 2.6, appendix B; Child et al. 2019, arXiv 1904.10509.
 *
 * <p>How to use it: a {@link dev.dalle.attention.TransformerConfig} makes a {@link dev.dalle.attention.Transformer}, whose
 * {@link dev.dalle.attention.Transformer#loss} is computed on a tape and run backwards by the caller; a
 * {@link dev.dalle.attention.BlockRunner} says what is kept of each resblock meanwhile. {@link dev.dalle.attention.Sampler} draws images.
 * {@link dev.dalle.attention.AttentionPattern}, {@link dev.dalle.attention.Attention} and the resblocks serve other models as well: with
 * {@link dev.dalle.attention.AttentionPattern.Bidirectional} they make the encoders of a contrastive model.
 *
 * <p>Where this departs from the paper or fills it in: queries, keys and values come from one matrix, whose thirds are theirs; there is no
 * end-of-text token, the state of a caption's last token predicts nothing; the two heads are untied and, unless asked for, without bias. Top-k, top-p and
 * guidance are not the paper's and are off unless asked for.
 *
 * <p>Limits: token numbers come from the host. All sequences of a batch of samples advance together.
 */
package dev.dalle.attention;
