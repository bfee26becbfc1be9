/** What a tokenizer consists of, as data: what files are read into and written from, and tokenizers are made of. */
package dev.dalle.tokenizer.internal.spec;
