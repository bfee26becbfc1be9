package dev.dalle.tokenizer.internal.spec;

/**
 * What is looked for in a text.
 *
 * @param text the string or regular expression
 * @param regex which of the two
 */
public record PatternSpec(String text, boolean regex) {}
