/** Tokenizers beside one another. */
package dev.dalle.bench.tokenizer;
