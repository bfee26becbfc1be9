/** Rules that cut text into pieces. */
package dev.dalle.tokenizer.internal.split;
