/** Learning merges from counted pieces of text. */
package dev.dalle.tokenizer.internal.train;
