/** What happens to a text before it is cut into pieces, and where its chars came from. */
package dev.dalle.tokenizer.internal.text;
