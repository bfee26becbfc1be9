/**
 * Captions to token ids and back: the text half of section 2.2 of Ramesh et al. 2021, arXiv 2102.12092.
 *
 * <p>{@link dev.dalle.tokenizer.BpeTrainer} learns a vocabulary from captions, {@link dev.dalle.tokenizer.BpeTokenizer}
 * encodes and decodes with it, and {@link dev.dalle.tokenizer.CaptionEncoder} makes the rows of
 * {@code maxTextTokens} ids that the transformer's embedding takes:
 *
 * {@snippet :
 * BpeTokenizer tokenizer = new BpeTrainer(1024, 2).train(captions);    // at most 1024 tokens
 * tokenizer.save(Path.of("captions.bpe"));
 * int[] ids = tokenizer.encode("a noto emoji of a red heart");
 * String same = tokenizer.decode(ids);
 *
 * CaptionEncoder encoder = new CaptionEncoder(tokenizer, 256);
 * PaddedCaption row = encoder.encode("a noto emoji of a red heart", 0.1, 42);   // dropout 10 %, seed 42
 * }
 *
 * <h2>Split rule</h2>
 * Text is lower-cased, then split on anything outside a-z. A maximal run of the letters a-z is a <em>word</em>; merges
 * happen inside a word and nowhere else. Every other code point (a digit, a punctuation mark, a space, a letter of
 * another script) is a piece by itself and never merges with anything. So every space is a token of its own, and
 * decoding is plain concatenation: nothing has to be guessed about where spaces were.
 *
 * <h2>Ids</h2>
 * Ids 0 to 255 are the 256 byte values; the token that merge number {@code r} makes has id {@code 256 + r}. A letter
 * starts as its ASCII byte, and a code point beyond ASCII is written as its two to four UTF-8 bytes, so every string
 * can be encoded whatever the vocabulary was trained on.
 *
 * <h2>Lower case</h2>
 * Each code point is lower-cased by itself, as {@link java.lang.String#toLowerCase(java.util.Locale)} with
 * {@link java.util.Locale#ROOT} would do it for that code point alone. The two differ for one letter only: a capital
 * sigma always becomes U+03C3 here, also at the end of a word, where {@code String} gives U+03C2. Looking at the
 * surroundings costs {@code String} quadratic time on a run of sigmas, and would make the tokens of a text depend on
 * what stands beside it. {@link dev.dalle.tokenizer.BpeTokenizer#normalize(String)} is this step by itself.
 */
package dev.dalle.tokenizer;
