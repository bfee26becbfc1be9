/**
 * Text to token ids and back by byte-pair encoding: the text half of section 2.2 of Ramesh et al. 2021, arXiv 2102.12092, and any other BPE vocabulary.
 *
 * <p>{@link dev.dalle.tokenizer.BpeTrainer} learns a vocabulary from captions, {@link dev.dalle.tokenizer.BpeTokenizer} encodes and decodes with it, and
 * {@link dev.dalle.tokenizer.CaptionEncoder} makes the rows of {@code maxTextTokens} ids that the transformer's embedding takes:
 *
 * {@snippet file="dev/dalle/tokenizer/ExampleTest.java" region="train"}
 *
 * <p>Other rules and other people's files:
 *
 * {@snippet file="dev/dalle/tokenizer/ExampleTest.java" region="other"}
 *
 * <h2>Split rule</h2>
 * A {@link dev.dalle.tokenizer.SplitRule} says how a text is rewritten and where it is cut; merges happen inside a piece and nowhere else. The paper's, which is
 * meant where none is named: text is lower-cased, then split on anything outside a-z. A maximal run of the letters a-z is a <em>word</em>; every other code point
 * (a digit, a punctuation mark, a space, a letter of another script) is a piece by itself and never merges with anything. So every space is a token of its own,
 * and decoding is plain concatenation: nothing has to be guessed about where spaces were.
 *
 * <h2>Ids</h2>
 * In vocabularies trained here, ids 0 to 255 are the 256 byte values, and the token that merge number {@code r} makes has id {@code 256 + r} (with CLIP's rule
 * 256 more, for the bytes at the end of a word). A code point is its one to four UTF-8 bytes, so every string can be encoded whatever the vocabulary was
 * trained on. Vocabularies that were loaded keep the ids of their files.
 *
 * <h2>Files</h2>
 * {@link dev.dalle.tokenizer.BpeTokenizer#load(java.nio.file.Path)} reads {@code dalle-bpe}, Hugging Face's {@code tokenizer.json}, GPT-2's {@code vocab.json}
 * with {@code merges.txt}, CLIP's gzipped merge list and tiktoken's rank files; {@link dev.dalle.tokenizer.TokenizerFormat} lists what can be written. The
 * tokens are those of the libraries that the files come from, save where their Unicode tables are older than the JDK's. What a file asks for and this package
 * does not have is refused by name.
 *
 * <h2>Lower case</h2>
 * Each code point is lower-cased by itself, as {@link java.lang.String#toLowerCase(java.util.Locale)} with
 * {@link java.util.Locale#ROOT} would do it for that code point alone. The two differ for one letter only: a capital
 * sigma always becomes U+03C3 here, also at the end of a word, where {@code String} gives U+03C2. Looking at the
 * surroundings costs {@code String} quadratic time on a run of sigmas, and would make the tokens of a text depend on
 * what stands beside it. {@link dev.dalle.tokenizer.BpeTokenizer#normalize(String)} is this step by itself.
 */
package dev.dalle.tokenizer;
