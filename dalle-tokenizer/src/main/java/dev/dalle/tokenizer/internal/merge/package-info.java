/** The merges of byte-pair encoding: where they are looked up, how they are applied, and what is remembered. */
package dev.dalle.tokenizer.internal.merge;
