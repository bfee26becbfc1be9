package dev.dalle.tokenizer.internal.spec;

/** One step from tokens back to text. Without any, tokens of a byte-level model are joined as bytes, others with spaces. */
public sealed interface DecoderSpec {
  /** Tokens are bytes. */
  record Bytes() implements DecoderSpec {}

  /** The suffix becomes a space, and nothing at the end. */
  record Suffix(String suffix) implements DecoderSpec {}

  /** A replacement for spaces becomes a space again; the first one, if it was added, goes. */
  record Metaspace(String replacement, boolean dropFirst) implements DecoderSpec {}

  /** Tokens {@code <0x00>} to {@code <0xFF>} become bytes. */
  record ByteFallback() implements DecoderSpec {}

  /** All tokens become one. */
  record Fuse() implements DecoderSpec {}

  /** A char goes, at most so many times, at both ends of each token. */
  record Strip(String content, int start, int stop) implements DecoderSpec {}

  /** A pattern is replaced in each token. */
  record Replace(PatternSpec pattern, String content) implements DecoderSpec {}
}
