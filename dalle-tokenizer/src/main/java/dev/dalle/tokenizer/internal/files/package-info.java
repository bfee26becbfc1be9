/** Other people's vocabulary files. */
package dev.dalle.tokenizer.internal.files;
