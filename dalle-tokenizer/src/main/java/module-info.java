/**
 * Byte-pair encoding of captions as DALL-E uses it (Ramesh et al. 2021, arXiv 2102.12092, section 2.2): training,
 * encoding with and without dropout, decoding, and the fixed-length rows of text ids that the transformer reads.
 *
 * <p>Requires nothing but {@code java.base} and no flags.
 */
module dev.dalle.tokenizer {
    exports dev.dalle.tokenizer;
}
