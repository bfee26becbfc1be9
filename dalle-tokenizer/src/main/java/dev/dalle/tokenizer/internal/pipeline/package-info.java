/** From the description of a tokenizer to the parts that run. */
package dev.dalle.tokenizer.internal.pipeline;
