/** The little JSON that tokenizer files need; this module requires nothing but java.base. */
package dev.dalle.tokenizer.internal.json;
